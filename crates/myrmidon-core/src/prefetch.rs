//! Asks the processor for memory that is needed soon.
//!
//! Who works through a queue of actors knows whom it serves next. To ask for their memory while another one is served
//! hides the misses, and waits for none of them, as a read would. A wish: where the processor has no such instruction, and
//! under Miri, nothing happens.

/// Asks for the cache line that a value begins in.
#[inline(always)]
#[expect(clippy::inline_always, reason = "one instruction")]
pub fn prefetch<T: ?Sized>(place: &T) {
    let address = core::ptr::from_ref(place).cast::<u8>();
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: SSE is part of x86_64, and the instruction neither faults nor changes anything, whatever the address.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: `prfm` is a hint: it neither faults nor changes anything, whatever the address.
    unsafe {
        core::arch::asm!("prfm pldl1keep, [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
    let _ = address;
}

#[cfg(test)]
mod tests {
    use super::prefetch;

    #[test]
    fn whatever_is_asked_for_is_as_it_was() {
        let words: Vec<u32> = (0..4096).collect();
        for word in &words {
            prefetch(word);
        }
        prefetch::<[u32]>(&[]);
        prefetch("");
        assert!(words.iter().copied().eq(0..4096));
    }
}
