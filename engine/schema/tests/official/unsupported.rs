//! The parts that are unsupported on purpose (docs/handlers.md), by file and group of the suite.

const LEADS_OUT: &str = "nothing outside of the schema is looked up";
const OTHER_DIALECT: &str = "must be https://json-schema.org/draft/2020-12/schema";

/// `dependencies` is a keyword of older drafts. In 2020-12 it is an unknown keyword.
pub const ANNOTATIONS: [&str; 1] = ["optional/dependencies-compatibility.json"];

/// The end of the fault, the file, and the groups whose schemas are rejected with it.
pub const REFUSED: &[(&str, &str, &[&str])] = &[
    (
        LEADS_OUT,
        "anchor.json",
        &[
            "Location-independent identifier with absolute URI",
            "Location-independent identifier with base URI change in subschema",
            "same $anchor with different base uri",
        ],
    ),
    (LEADS_OUT, "defs.json", &["validate definition against metaschema"]),
    (
        LEADS_OUT,
        "dynamicRef.json",
        &[
            "A $dynamicRef resolves to the first $dynamicAnchor still in scope that is encountered when the schema is evaluated",
            "A $dynamicRef without anchor in fragment behaves identical to $ref",
            "A $dynamicRef with intermediate scopes that don't include a matching $dynamicAnchor does not affect dynamic scope resolution",
            "An $anchor with the same name as a $dynamicAnchor is not used for dynamic scope resolution",
            "A $dynamicRef without a matching $dynamicAnchor in the same schema resource behaves like a normal $ref to $anchor",
            "A $dynamicRef with a non-matching $dynamicAnchor in the same schema resource behaves like a normal $ref to $anchor",
            "A $dynamicRef that initially resolves to a schema with a matching $dynamicAnchor resolves to the first $dynamicAnchor in the dynamic scope",
            "A $dynamicRef that initially resolves to a schema without a matching $dynamicAnchor behaves like a normal $ref to $anchor",
            "multiple dynamic paths to the $dynamicRef keyword",
            "after leaving a dynamic scope, it is not used by a $dynamicRef",
            "strict-tree schema, guards against misspelled properties",
            "tests for implementation dynamic anchor and reference link",
            "$ref and $dynamicAnchor are independent of order - $defs first",
            "$ref and $dynamicAnchor are independent of order - $ref first",
            "$ref to $dynamicRef finds detached $dynamicAnchor",
            "$dynamicRef skips over intermediate resources - direct reference",
        ],
    ),
    (
        LEADS_OUT,
        "ref.json",
        &[
            "remote ref, containing refs itself",
            "Recursive references between schemas",
            "refs with relative uris and defs",
            "relative refs with absolute uris and defs",
            "$id must be resolved against nearest parent, not just immediate parent",
            "order of evaluation: $id and $ref",
            "simple URN base URI with $ref via the URN",
            "URN base URI with URN and JSON pointer ref",
            "URN base URI with URN and anchor ref",
            "URN ref with nested pointer ref",
            "ref to if",
            "ref to then",
            "ref to else",
            "ref with absolute-path-reference",
        ],
    ),
    (
        LEADS_OUT,
        "refRemote.json",
        &[
            "remote ref",
            "fragment within remote ref",
            "anchor within remote ref",
            "ref within remote ref",
            "base URI change",
            "base URI change - change folder",
            "base URI change - change folder in subschema",
            "root ref in remote ref",
            "remote ref with ref to defs",
            "Location-independent identifier in remote ref",
            "retrieved nested refs resolve relative to their URI not $id",
            "remote HTTP ref with different $id",
            "remote HTTP ref with different URN $id",
            "remote HTTP ref with nested absolute ref",
            "$ref to $ref finds detached $anchor",
        ],
    ),
    (LEADS_OUT, "unevaluatedItems.json", &["unevaluatedItems with $dynamicRef"]),
    (LEADS_OUT, "unevaluatedProperties.json", &["unevaluatedProperties with $dynamicRef"]),
    (
        OTHER_DIALECT,
        "vocabulary.json",
        &[
            "schema that uses custom metaschema with with no validation vocabulary",
            "ignore unrecognized optional vocabulary",
        ],
    ),
    (LEADS_OUT, "optional/cross-draft.json", &["refs to historic drafts are processed as historic drafts"]),
    (
        LEADS_OUT,
        "optional/dynamicRef.json",
        &["$dynamicRef skips over intermediate resources - pointer reference across resource boundary"],
    ),
    (
        OTHER_DIALECT,
        "optional/format-assertion.json",
        &[
            "schema that uses custom metaschema with format-assertion: false",
            "schema that uses custom metaschema with format-assertion: true",
        ],
    ),
    (LEADS_OUT, "optional/id.json", &["$id inside an enum is not a real identifier"]),
    (LEADS_OUT, "optional/unknownKeyword.json", &["$id inside an unknown keyword is not a real identifier"]),
];
