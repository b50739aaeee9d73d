//! Patterns of ECMAScript, matched in time linear in the text. Patterns that need more (lookaround, back-references)
//! are rejected.
use regex_automata::Input;
use regex_automata::meta::{Cache, Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;

const MOST_TEXT_BYTES: usize = 2 << 10;
const MOST_COMPILED_BYTES: usize = 512 << 10;
const MOST_CACHE_BYTES: usize = 128 << 10;
/// The part of memory_usage() that every pattern has.
const FIXED_BYTES: usize = 2 << 10;
/// Memory beside memory_usage(); measured.
const UNCOUNTED_BYTES: usize = 5 << 10;
/// Each one costs the translator a pass over the whole pattern.
const MOST_CONTROL_ESCAPES: usize = 8;

pub struct Pattern {
    pub text: Box<str>,
    regex: Regex,
}

impl Pattern {
    pub fn compile(text: &str) -> Result<Pattern, String> {
        if text.len() > MOST_TEXT_BYTES {
            return Err(format!("must be at most {MOST_TEXT_BYTES} bytes long, and is {}", text.len()));
        }
        if text.matches("\\c").count() > MOST_CONTROL_ESCAPES {
            return Err(format!("has more than {MOST_CONTROL_ESCAPES} times \\c"));
        }
        let translated = jsonschema_regex::to_rust_regex(text).map_err(|()| "is not a regular expression")?;
        let config = Config::new()
            .which_captures(WhichCaptures::Implicit)
            .nfa_size_limit(Some(MOST_COMPILED_BYTES))
            .hybrid_cache_capacity(MOST_CACHE_BYTES);
        let regex =
            Regex::builder().configure(config).build(&translated).map_err(|error| match error.size_limit() {
                Some(_) => format!("takes more than {MOST_COMPILED_BYTES} bytes compiled"),
                None => "is not a regular expression that can be matched in linear time".to_owned(),
            })?;
        Ok(Pattern { text: text.into(), regex })
    }

    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len() + self.regex.memory_usage() + UNCOUNTED_BYTES
    }

    /// The most steps that a match with a text of `text_bytes` bytes costs.
    pub fn steps(&self, text_bytes: usize) -> usize {
        // Most patterns take a nanosecond per byte; a pattern that follows all states at once takes some for each
        // state.
        let states_bytes = self.regex.memory_usage().saturating_sub(FIXED_BYTES).max(128);
        1 + text_bytes.saturating_mul(states_bytes) / 256
    }

    pub fn cache(&self) -> Cache {
        self.regex.create_cache()
    }

    /// True if the pattern occurs in `text`. REQUIRES: `cache` was made for this pattern.
    pub fn is_in(&self, text: &str, cache: &mut Cache) -> bool {
        self.regex.search_half_with(cache, &Input::new(text).earliest(true)).is_some()
    }
}
