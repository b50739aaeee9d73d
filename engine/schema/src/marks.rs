//! The members or elements of one value that a schema has evaluated, for unevaluatedProperties and unevaluatedItems.

pub struct Marks(Vec<u64>);

impl Marks {
    /// For a value with `length` members or elements.
    pub fn new(length: usize) -> Marks {
        Marks(vec![0; length.div_ceil(64)])
    }
    pub fn set(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }
    pub fn has(&self, at: usize) -> bool {
        self.0[at / 64] & (1 << (at % 64)) != 0
    }
    pub fn add(&mut self, other: &Marks) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }
}
