#include "nexus/runtime/panels/schema_shape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "nexus/foundation/json/json_reading.h"

namespace nexus::panels {
namespace {

constexpr std::string_view kDialectUri = "https://json-schema.org/draft/2020-12/schema";

// What the value of a keyword must be.
enum class Shape : std::uint8_t {
  kSchema,         // an object, true or false
  kSchemas,        // an array of schemas, one or more
  kSchemasByName,  // an object of schemas
  kNamesByName,    // an object of arrays of strings
  kNames,          // an array of strings
  kArray,
  kObject,
  kText,
  kBool,
  kNumber,
  kPositive,
  kCount,  // a whole number, 0 or more
  kType,
  kReference,
  kDialect,
};

struct Keyword {
  std::string_view name;
  Shape shape;
};
// By name, for the search.
constexpr auto kKeywords = std::to_array<Keyword>({
    {"$anchor", Shape::kText},
    {"$comment", Shape::kText},
    {"$defs", Shape::kSchemasByName},
    {"$dynamicAnchor", Shape::kText},
    {"$dynamicRef", Shape::kReference},
    {"$id", Shape::kText},
    {"$ref", Shape::kReference},
    {"$schema", Shape::kDialect},
    {"$vocabulary", Shape::kObject},
    {"additionalProperties", Shape::kSchema},
    {"allOf", Shape::kSchemas},
    {"anyOf", Shape::kSchemas},
    {"contains", Shape::kSchema},
    {"contentEncoding", Shape::kText},
    {"contentMediaType", Shape::kText},
    {"contentSchema", Shape::kSchema},
    {"definitions", Shape::kSchemasByName},
    {"dependentRequired", Shape::kNamesByName},
    {"dependentSchemas", Shape::kSchemasByName},
    {"deprecated", Shape::kBool},
    {"description", Shape::kText},
    {"else", Shape::kSchema},
    {"enum", Shape::kArray},
    {"examples", Shape::kArray},
    {"exclusiveMaximum", Shape::kNumber},
    {"exclusiveMinimum", Shape::kNumber},
    {"format", Shape::kText},
    {"if", Shape::kSchema},
    {"items", Shape::kSchema},
    {"maxContains", Shape::kCount},
    {"maxItems", Shape::kCount},
    {"maxLength", Shape::kCount},
    {"maxProperties", Shape::kCount},
    {"maximum", Shape::kNumber},
    {"minContains", Shape::kCount},
    {"minItems", Shape::kCount},
    {"minLength", Shape::kCount},
    {"minProperties", Shape::kCount},
    {"minimum", Shape::kNumber},
    {"multipleOf", Shape::kPositive},
    {"not", Shape::kSchema},
    {"oneOf", Shape::kSchemas},
    {"pattern", Shape::kText},
    {"patternProperties", Shape::kSchemasByName},
    {"prefixItems", Shape::kSchemas},
    {"properties", Shape::kSchemasByName},
    {"propertyNames", Shape::kSchema},
    {"readOnly", Shape::kBool},
    {"required", Shape::kNames},
    {"then", Shape::kSchema},
    {"title", Shape::kText},
    {"type", Shape::kType},
    {"unevaluatedItems", Shape::kSchema},
    {"unevaluatedProperties", Shape::kSchema},
    {"uniqueItems", Shape::kBool},
    {"writeOnly", Shape::kBool},
});
static_assert(std::ranges::is_sorted(kKeywords, {}, &Keyword::name));

constexpr auto kTypes =
    std::to_array<std::string_view>({"null", "boolean", "object", "array", "number", "string", "integer"});

// How deep objects and arrays are nested. REQUIRES: checked text.
int depth_of(std::string_view text) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

// Recursion goes no deeper than kMostArgsSchemaDepth: that was checked before.
class SchemaCheck {
 public:
  explicit SchemaCheck(Faults& faults) : faults_(faults) {}

  void members(json::object& object, const std::string& path) {
    faults_.members(object, path, [&](std::string_view key, json::value value) {
      const auto keyword = std::ranges::lower_bound(kKeywords, key, {}, &Keyword::name);
      if (keyword != kKeywords.end() && keyword->name == key)
        check(keyword->shape, value, fmt::format("{}.{}", path, key));
    });
  }

 private:
  void check(Shape shape, json::value value, const std::string& path) {
    switch (shape) {
      case Shape::kSchema:
        return schema(value, path);
      case Shape::kSchemas:
        return schemas(value, path);
      case Shape::kSchemasByName:
        faults_.object(value, path, [&](std::string_view name, json::value inner) {
          schema(inner, fmt::format("{}.{}", path, name));
        });
        return;
      case Shape::kNamesByName:
        faults_.object(value, path, [&](std::string_view name, json::value inner) {
          names(inner, fmt::format("{}.{}", path, name));
        });
        return;
      case Shape::kNames:
        return names(value, path);
      case Shape::kArray:
        return want(value, json::json_type::array, path, "must be an array");
      case Shape::kObject:
        return want(value, json::json_type::object, path, "must be an object");
      case Shape::kText:
        return want(value, json::json_type::string, path, "must be a string");
      case Shape::kBool:
        return want(value, json::json_type::boolean, path, "must be true or false");
      case Shape::kNumber:
        return want(value, json::json_type::number, path, "must be a number");
      case Shape::kPositive:
      case Shape::kCount:
        return number(value, shape, path);
      case Shape::kType:
        return type(value, path);
      case Shape::kReference:
        return reference(value, path);
      case Shape::kDialect:
        return dialect(value, path);
    }
  }

  static bool is(json::value& value, json::json_type wanted) {
    json::json_type type{};
    return value.type().get(type) == simdjson::SUCCESS && type == wanted;
  }

  void want(json::value value, json::json_type type, const std::string& path, const char* message) {
    if (!is(value, type)) faults_.add(path, message);
  }

  void schema(json::value value, const std::string& path) {
    if (is(value, json::json_type::boolean)) return;
    json::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) {
      return faults_.add(path, "must be a schema: an object, true or false");
    }
    members(object, path);
  }

  void schemas(json::value value, const std::string& path) {
    bool is_empty = true;
    const auto one = [&](json::value inner, const std::string& where) {
      is_empty = false;
      schema(inner, where);
    };
    if (faults_.array(value, path, one) && is_empty) faults_.add(path, "must have one schema or more");
  }

  void names(json::value value, const std::string& path) {
    faults_.array(value, path,
                  [&](json::value inner, const std::string& where) { faults_.text(inner, where); });
  }

  void number(json::value value, Shape shape, const std::string& path) {
    double read = 0;
    const bool is_number = value.get_double().get(read) == simdjson::SUCCESS;
    if (shape == Shape::kPositive) {
      if (!is_number || read <= 0) faults_.add(path, "must be a number above 0");
    } else if (!is_number || read < 0 || read != std::floor(read)) {
      faults_.add(path, "must be a whole number, 0 or more");
    }
  }

  void type(json::value value, const std::string& path) {
    std::array<bool, kTypes.size()> seen{};
    const auto one = [&](json::value inner, const std::string& where) {
      const auto name = faults_.text(inner, where);
      if (!name) return;
      const auto known = std::ranges::find(kTypes, *name);
      if (known == kTypes.end()) {
        faults_.add(where, "must be one of null, boolean, object, array, number, string, integer");
      } else if (std::exchange(seen[static_cast<std::size_t>(known - kTypes.begin())], true)) {
        faults_.add(where, "is there twice");
      }
    };
    if (!is(value, json::json_type::array)) return one(value, path);
    const std::size_t faults_before = faults_.count();
    if (faults_.array(value, path, one) && faults_.count() == faults_before &&
        std::ranges::find(seen, true) == seen.end())
      faults_.add(path, "must have one type or more");
  }

  void reference(json::value value, const std::string& path) {
    const auto target = faults_.text(value, path);
    if (target && !target->starts_with('#')) {
      faults_.add(path, "must begin with #: nothing outside of the schema is looked up");
    }
  }

  void dialect(json::value value, const std::string& path) {
    auto name = faults_.text(value, path);
    if (!name) return;
    if (name->ends_with('#')) name->pop_back();
    if (*name != kDialectUri) faults_.add(path, fmt::format("must be {}", kDialectUri));
  }

  Faults& faults_;
};

}  // namespace

void check_schema_shape(std::string_view schema, const std::string& path, Faults& faults) {
  if (schema.size() > kMostArgsSchemaBytes) {
    return faults.add(
        path, fmt::format("must be at most {} bytes long, and is {}", kMostArgsSchemaBytes, schema.size()));
  }
  if (const int depth = depth_of(schema); depth > kMostArgsSchemaDepth) {
    return faults.add(
        path, fmt::format("must be nested at most {} levels deep, and is {}", kMostArgsSchemaDepth, depth));
  }
  const simdjson::padded_string padded = padded_copy(schema);
  json::parser parser;
  OndemandDocument document;
  json::object object;
  if (!document.parse(parser, padded) || document.get_object().get(object) != simdjson::SUCCESS) {
    return faults.add(path, "must be an object");
  }
  SchemaCheck(faults).members(object, path);
}

}  // namespace nexus::panels
