//! The state against a plain map, through sealing, eviction and the changelog.

use detect::signals::{ActionKind, Observation};
use proptest::prelude::*;

use super::*;

fn act(at: i64) -> Observation<'static> {
    Observation {
        occurred_at: at,
        received_at: at,
        act: ActionKind::View,
        records: 3,
        device_confidence: detect::signals::Confidence::High,
        device: "d",
        ip: 7,
        asn: 1,
        country: "CZ",
        position: None,
        accuracy_km: 0,
        masked: false,
        session_id: "",
        backfill: false,
    }
}

fn touch(state: &mut State, key: &str, offset: u64) -> Option<u64> {
    let user = state.user(key, offset).unwrap()?;
    user.observe(&act(1_800_000_000_000 + offset as i64), schemas::zone::Zone::utc()).viewed_24h
}

/// A record whose outcome is in the state already changes nothing a second time.
#[test]
fn a_repeated_record_is_told() {
    let mut state = State::new(Budget::new(1 << 20));
    assert_eq!(touch(&mut state, "acme/u1", 5), Some(3));
    assert_eq!(touch(&mut state, "acme/u1", 5), None);
    assert_eq!(touch(&mut state, "acme/u1", 6), Some(6));
    let changes = state.seal().unwrap();
    let mut successor = State::new(Budget::new(1 << 20));
    successor.load(changes[0].key.as_bytes(), &changes[0].value).unwrap();
    assert_eq!(touch(&mut successor, "acme/u1", 6), None);
    assert_eq!(touch(&mut successor, "acme/u1", 7), Some(9));
}

/// A process that was paused writes after its successor: the later state holds all the same.
#[test]
fn the_latest_offset_holds_whatever_the_order_of_the_log() {
    let mut state = State::new(Budget::new(1 << 20));
    touch(&mut state, "acme/u1", 1);
    let old = state.seal().unwrap().remove(0);
    touch(&mut state, "acme/u1", 2);
    let new = state.seal().unwrap().remove(0);
    let mut successor = State::new(Budget::new(1 << 20));
    for change in [&new, &old] {
        successor.load(change.key.as_bytes(), &change.value).unwrap();
    }
    assert_eq!(touch(&mut successor, "acme/u1", 3), Some(9));
}

#[test]
fn memory_is_bounded_and_given_back() {
    let budget = Budget::new(20_000);
    let mut state = State::new(budget.clone());
    for number in 0..2000 {
        touch(&mut state, &format!("acme/u{number}"), number);
        if number % 10 == 0 {
            state.seal().unwrap();
            assert!(budget.used() <= 20_000, "{}", budget.used());
        }
    }
    assert!(state.in_memory() < 400);
    assert_eq!(touch(&mut state, "acme/u3", 5000), Some(6), "back from the file");
    drop(state);
    assert_eq!(budget.used(), 0);
}

/// A2: what is no packed user is distinguished from one of a newer version; what is damaged behind its head is a user anew.
#[test]
fn bytes_that_are_no_user() {
    let mut state = State::new(Budget::new(1 << 20));
    touch(&mut state, "acme/u1", 5);
    let good = state.seal().unwrap().remove(0).value;
    let mut load = |bytes: &[u8]| {
        let error = state.load(b"acme/u2", bytes).unwrap_err();
        error.downcast::<RecordError>().unwrap()
    };
    let (mut older, mut newer) = (good.clone(), good.clone());
    (older[3], newer[3]) = (0, FORMAT + 1);
    for bytes in [&b""[..], &[9; 40], b"usr", &good[..7], &good[1..], b"{\"v\":1}", &older] {
        assert!(!load(bytes).is_newer(), "{bytes:?}");
    }
    assert!(load(&newer).is_newer());

    let mut successor = State::new(Budget::new(1 << 20));
    successor.load(b"acme/u1", &good[..good.len() - 3]).unwrap();
    successor.load(b"acme/u2", &good).unwrap();
    assert_eq!(touch(&mut successor, "acme/u1", 6), Some(3), "begins anew");
    assert_eq!(touch(&mut successor, "acme/u2", 6), Some(6), "goes on");
    assert_eq!(successor.unreadable().count(topics::STATE), 1);
}

/// A1: a user beyond what a record takes begins anew, here and for a successor alike.
#[test]
fn a_user_that_is_too_large_begins_anew() {
    let mut user = User::default();
    user.applied = 7;
    let bytes = pack(&user).unwrap();
    assert_eq!(pack_within(&user, bytes.len()).unwrap(), bytes);
    let mut grown = user;
    for number in 0..20 {
        grown.observe(&Observation { ip: number, ..act(1_800_000_000_000) }, schemas::zone::Zone::utc());
    }
    assert!(pack(&grown).unwrap().len() > bytes.len());
    assert_eq!(pack_within(&grown, bytes.len()).unwrap(), bytes);
}

proptest! {
    /// Whatever the budget and wherever batches end, sums are those of a plain map.
    #[test]
    fn eviction_loses_nothing(users in proptest::collection::vec((0..40_u32, any::<bool>()), 1..300), most in 500..8000_usize) {
        let mut state = State::new(Budget::new(most));
        let mut model = std::collections::HashMap::new();
        for (offset, (user, seal)) in users.into_iter().enumerate() {
            let sum = model.entry(user).or_insert(0);
            *sum += 3;
            prop_assert_eq!(touch(&mut state, &format!("acme/u{user}"), offset as u64), Some(*sum));
            if seal {
                state.seal().unwrap();
            }
        }
    }
}
