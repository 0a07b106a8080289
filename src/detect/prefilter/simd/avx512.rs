//! With AVX-512 and VBMI: 64 bytes are turned into codes at a time, and these are looked up whole.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::super::BATCH;
use super::codes::FOREIGN;
use super::{AFTER, BLOCK, Block, GROUPS, Tables, WIDTH};

/// # Safety
/// The processor has AVX-512 with BW and VBMI, `bytes` holds 64 bytes for each block and [`AFTER`] more, and there are at
/// most [`BATCH`] blocks.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) unsafe fn classify(tables: &Tables, bytes: &[u8], blocks: &mut [Block]) {
    assert!(blocks.len() <= BATCH && bytes.len() >= blocks.len() * BLOCK + AFTER);
    let mut codes = [const { MaybeUninit::<u8>::uninit() }; (BATCH + 1) * BLOCK];
    let (of, alphabets) = (table(&tables.codes.of), table(&tables.codes.alphabets));
    let mut store = |block: usize, code: __m512i| {
        let codes = &mut codes[block * BLOCK..(block + 1) * BLOCK];
        // SAFETY: 64 bytes can be written there.
        unsafe { _mm512_storeu_si512(codes.as_mut_ptr().cast(), code) };
    };
    for (i, block) in blocks.iter_mut().enumerate() {
        // SAFETY: the caller has 64 bytes for each block.
        let text = unsafe { load(bytes.as_ptr().add(i * BLOCK)) };
        let ascii = !_mm512_movepi8_mask(text);
        store(i, code(of, text, ascii));
        let holds = _mm512_maskz_permutex2var_epi8(ascii, alphabets[0], text, alphabets[1]);
        let some = |alphabet: i8| _mm512_test_epi8_mask(holds, _mm512_set1_epi8(1 << alphabet));
        block.runs = [some(0), some(1), some(2)];
        block.zeros = _mm512_testn_epi8_mask(text, text);
    }
    let end = blocks.len() * BLOCK;
    // SAFETY: so many bytes follow the last block; no others are read.
    let text = unsafe { _mm512_maskz_loadu_epi8((1 << AFTER) - 1, bytes.as_ptr().add(end).cast()) };
    store(blocks.len(), code(of, text, !_mm512_movepi8_mask(text)));

    let places = places(tables);
    for (i, block) in blocks.iter_mut().enumerate() {
        // SAFETY: the codes of one block more than there are blocks were stored there.
        let codes = unsafe {
            let at = codes.as_ptr().add(i * BLOCK).cast();
            [load(at), load(at.add(1)), load(at.add(2)), load(at.add(3))]
        };
        block.starts = passing(&places, codes);
    }
}

/// The starts of one block alone, which needs no tables made ready.
///
/// # Safety
/// The processor has AVX-512 with BW and VBMI.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) unsafe fn starts(tables: &Tables, text: &[u8; BLOCK + AFTER]) -> u64 {
    let code = |place: usize| {
        // SAFETY: from no place in a key more than the text is read.
        let text = unsafe { load(text.as_ptr().add(place)) };
        code(table(&tables.codes.of), text, !_mm512_movepi8_mask(text))
    };
    let codes = [code(0), code(1), code(2), code(3)];
    passing(&places(tables), codes)
}

/// Where the codes of the texts that begin at each byte, given place by place, pass some group.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn passing(places: &[[__m512i; WIDTH]; GROUPS / 8], codes: [__m512i; WIDTH]) -> u64 {
    let mut any = _mm512_setzero_si512();
    for places in places {
        let at = |place: usize| _mm512_permutexvar_epi8(codes[place], places[place]);
        let all = _mm512_and_si512(_mm512_and_si512(at(0), at(1)), _mm512_and_si512(at(2), at(3)));
        any = _mm512_or_si512(any, all);
    }
    _mm512_test_epi8_mask(any, any)
}

/// The tables of each place, by eight groups.
#[inline]
#[target_feature(enable = "avx512f")]
fn places(tables: &Tables) -> [[__m512i; WIDTH]; GROUPS / 8] {
    let mut places = [[_mm512_setzero_si512(); WIDTH]; GROUPS / 8];
    for (lookup, table) in places.as_flattened_mut().iter_mut().zip(tables.codes.starts.as_flattened()) {
        // SAFETY: each table is 64 bytes long.
        *lookup = unsafe { load(table.as_ptr()) };
    }
    places
}

/// A table for the bytes of ASCII.
#[inline]
#[target_feature(enable = "avx512f")]
fn table(at: &[u8; 2 * BLOCK]) -> [__m512i; 2] {
    // SAFETY: it is 128 bytes long.
    unsafe { [load(at.as_ptr()), load(at.as_ptr().add(BLOCK))] }
}

/// The 64 bytes at `at`.
///
/// # Safety
/// They can be read.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load(at: *const u8) -> __m512i {
    // SAFETY: the caller's promise.
    unsafe { _mm512_loadu_si512(at.cast()) }
}

/// The codes of 64 bytes, of which those in `ascii` are ASCII.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn code(of: [__m512i; 2], text: __m512i, ascii: __mmask64) -> __m512i {
    let codes = _mm512_permutex2var_epi8(of[0], text, of[1]);
    _mm512_mask_blend_epi8(ascii, _mm512_set1_epi8(FOREIGN as i8), codes)
}
