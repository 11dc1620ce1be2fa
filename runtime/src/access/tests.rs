use std::collections::BTreeMap;

use chrono::DateTime;
use proptest::prelude::*;
use schemas::access::Access;

use super::*;

fn decision(tenant: &str, user: &str, device: &str, access: Access) -> AccessDecision {
    AccessDecision {
        tenant: tenant.to_owned(),
        user_id: user.to_owned(),
        device_id: device.to_owned(),
        device_confidence: Some("high".to_owned()),
        access,
        decided_by: "k".to_owned(),
        reason: String::new(),
        violation_id: None,
        decided_at: DateTime::UNIX_EPOCH,
    }
}

/// Few names, so that they meet; some that would be the same if they were put together.
fn names() -> impl Strategy<Value = (&'static str, &'static str, &'static str)> {
    let name = || prop::sample::select(vec!["a", "b", "ab", "a\",\"b", "č"]);
    (name(), name(), name())
}

fn access() -> impl Strategy<Value = Option<Access>> {
    prop::sample::select(vec![None, Some(Access::Allow), Some(Access::Block), Some(Access::Ask)])
}

proptest! {
    /// K11: whatever is decided and taken back, in whatever order, the last word about each device holds.
    #[test]
    fn the_list_is_a_map(steps in prop::collection::vec((names(), access()), 0..200)) {
        let list = AccessList::in_memory();
        let mut model: BTreeMap<(&str, &str, &str), Access> = BTreeMap::new();
        for ((tenant, user, device), access) in steps {
            match access {
                Some(access) => {
                    list.insert(decision(tenant, user, device, access));
                    model.insert((tenant, user, device), access);
                }
                None => {
                    list.remove(tenant, user, device);
                    model.remove(&(tenant, user, device));
                }
            }
            let known = list.get(tenant, user, device).map(|decision| decision.access);
            prop_assert_eq!(known, model.get(&(tenant, user, device)).copied());
        }
        prop_assert_eq!(list.len(), model.len());
        for (tenant, user, _) in model.keys() {
            let of_user: Vec<_> = list.of_user(tenant, user).iter().map(|d| (d.device_id.clone(), d.access)).collect();
            let expected: Vec<_> = model
                .iter()
                .filter(|((of, whose, _), _)| of == tenant && whose == user)
                .map(|((.., device), access)| ((*device).to_owned(), *access))
                .collect();
            prop_assert_eq!(of_user, expected);
        }
    }
}

/// What can't be read changes nothing; a topic that began anew is taken as it is.
#[test]
fn records_are_applied_as_they_are_meant() {
    let list = AccessList::in_memory();
    let mut reader = Reader { list: list.clone(), next_offset: 0 };
    let block = decision("acme", "u/1", "d", Access::Block);
    let value = serde_json::to_vec(&block).unwrap();
    reader.apply(0, &block.key(), Some(&value)).unwrap();
    for (key, value) in [
        (block.key().as_str(), Some(&b"{"[..])),
        (r#"["acme","u/1","other"]"#, Some(&value[..])),
        ("no array", None),
        (r#"["acme","u/1"]"#, None),
    ] {
        reader.apply(1, key, value).unwrap_err();
        reader.next_offset = 1;
    }
    reader.skip(1);
    assert_eq!(list.get("acme", "u/1", "d").as_deref(), Some(&block));
    assert_eq!(list.len(), 1);

    reader.apply(2, &block.key(), None).unwrap();
    assert!(list.is_empty());
    reader.apply(3, &block.key(), Some(&value)).unwrap();
    reader.apply(0, r#"["acme","u/2","d"]"#, None).unwrap();
    assert!(list.is_empty(), "what was there before the topic began anew is still in force");
}

#[tokio::test]
async fn ids_and_reasons_are_bounded() {
    let list = AccessList::in_memory();
    let refused = async |decision: AccessDecision| match list.put(decision).await {
        Err(PutError::Invalid(invalid)) => invalid.pointer,
        other => panic!("{other:?}"),
    };
    let good = decision("acme", "u", "d", Access::Block);
    assert_eq!(refused(AccessDecision { user_id: String::new(), ..good.clone() }).await, "/user_id");
    assert_eq!(refused(AccessDecision { device_id: "d".repeat(257), ..good.clone() }).await, "/device_id");
    assert_eq!(refused(AccessDecision { reason: "r".repeat(1025), ..good.clone() }).await, "/reason");
    list.put(good).await.unwrap();
    assert_eq!(list.len(), 1);
}
