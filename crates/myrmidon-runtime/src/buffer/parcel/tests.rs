use super::*;
use crate::Account;

#[test]
fn g198_buffers_travel_behind_the_bytes_of_their_message() {
    let account = Account::new(100);
    let mut first = SharedBuffer::allocate(&account, 3).expect("there is room");
    first.copy_from_slice(b"abc");
    let second = SharedBuffer::allocate(&account, 0).expect("there is room");
    let packed = pack(b"message".to_vec(), vec![first, second]);
    let mut bytes = packed.as_bytes().expect("they are bytes").to_vec();
    assert_eq!(bytes.len(), 7 + 2 * ENTRY + COUNT);
    let copy = bytes.clone();
    let buffers = unpack(&mut bytes);
    assert_eq!(bytes, b"message");
    assert_eq!(buffers.iter().map(|buffer| buffer.to_vec()).collect::<Vec<_>>(), [b"abc".to_vec(), Vec::new()]);
    // Whoever reads the same bytes again gets nothing: the blocks have a holder.
    assert!(unpack(&mut copy.clone()).is_empty());
    // They have arrived: what they came with is nothing to them.
    drop(packed);
    assert_eq!(account.bytes(), 3);
    drop(buffers);
    assert_eq!(account.bytes(), 0);
}

#[test]
fn g200_a_payload_that_nobody_reads_frees_them() {
    let account = Account::new(100);
    let buffer = || SharedBuffer::allocate(&account, 3).expect("there is room");
    drop(pack(Vec::new(), vec![buffer(), buffer()]));
    assert_eq!(account.bytes(), 0);
    let packed = pack(Vec::new(), vec![buffer()]);
    // As another language would have it: the flights are the last payload's.
    let loaded = load(packed.as_bytes().expect("they are bytes").to_vec());
    drop(packed);
    assert_eq!(account.bytes(), 3);
    drop(loaded);
    assert_eq!(account.bytes(), 0);
}

#[test]
fn g198_bytes_that_are_no_parcel_give_no_buffers_and_no_panic() {
    for bytes in
        [vec![], vec![1, 2, 3], vec![255; 4], vec![0; 4], vec![9; 40], [vec![1; 16], vec![1, 0, 0, 0]].concat()]
    {
        assert!(unpack(&mut bytes.clone()).is_empty(), "{bytes:?}");
    }
}
