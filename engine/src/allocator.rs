//! Rust's heap: malloc, and when malloc fails, the program's reserve for small blocks
//! (src/nexus/foundation/base/memory_reserve.h). Beyond that the process ends in good order; by itself, Rust would abort.
use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

unsafe extern "C" {
    /// Null if no block is left or `bytes` is too large.
    fn nexus_reserve_take(bytes: usize) -> *mut u8;
    fn nexus_end_without_memory() -> !;
    /// False if the block is not from the reserve.
    fn nexus_reserve_give_back(block: *mut u8) -> bool;
    fn nexus_reserve_has(block: *const u8) -> bool;
}

/// The alignment of the reserve's blocks.
const MOST_ALIGN: usize = 64;

struct Heap;

unsafe fn reserved(layout: Layout) -> *mut u8 {
    let block =
        if layout.align() > MOST_ALIGN { ptr::null_mut() } else { unsafe { nexus_reserve_take(layout.size()) } };
    if block.is_null() {
        unsafe { nexus_end_without_memory() }
    }
    block
}

unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = unsafe { System.alloc(layout) };
        if block.is_null() { unsafe { reserved(layout) } } else { block }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let block = unsafe { System.alloc_zeroed(layout) };
        if !block.is_null() {
            return block;
        }
        let block = unsafe { reserved(layout) };
        unsafe { ptr::write_bytes(block, 0, layout.size()) };
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe {
            if !nexus_reserve_give_back(block) {
                System.dealloc(block, layout);
            }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe {
            if !nexus_reserve_has(block) {
                let grown = System.realloc(block, layout, size);
                if !grown.is_null() {
                    return grown;
                }
            }
            let other = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            ptr::copy_nonoverlapping(block, other, layout.size().min(size));
            self.dealloc(block, layout);
            other
        }
    }
}

#[global_allocator]
static HEAP: Heap = Heap;
