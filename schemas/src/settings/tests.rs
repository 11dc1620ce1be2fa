use super::*;

/// L1: a tenant that says nothing of logging has it off.
#[test]
fn a_bare_tenant_has_every_default() {
    let tenant: Tenant = serde_json::from_str(r#"{"id":"acme"}"#).unwrap();
    assert_eq!(tenant, Tenant::new("acme", ""));
    assert!(!tenant.logging);
    tenant.validate().unwrap();
}

#[test]
fn a_field_of_a_newer_version_is_ignored_on_the_topic_and_refused_from_people() {
    let json = br#"{"id":"acme","retention":{"views":30,"dreams":1}}"#;
    assert_eq!(serde_json::from_slice::<Tenant>(json).unwrap().retention.views, 30);
    assert_eq!(parse_strict::<Tenant>(json).unwrap_err().pointer, "/retention/dreams");
    assert_eq!(parse_strict::<Tenant>(br#"{"id":"acme","nam":"A"}"#).unwrap_err().pointer, "/nam");
    parse_strict::<Tenant>(&serde_json::to_vec(&Tenant::new("acme", "A")).unwrap()).unwrap();
    // Fields in order and without names.
    assert_eq!(parse_strict::<Detection>(b"[]").unwrap_err().detail, "must be an object");
    assert_eq!(parse_strict::<Tenant>(br#"{"id":"acme","retention":[1,2,3,4,5]}"#).unwrap_err().pointer, "/retention");
}

/// L2, P7: only the retention classes of the partition key.
#[test]
fn every_field_is_checked() {
    type Edit = fn(&mut Tenant);
    let cases: [(&str, Edit); 8] = [
        ("/id", |tenant| tenant.id = "A".into()),
        ("/id", |tenant| tenant.id = "a/b".into()),
        ("/name", |tenant| tenant.name = "x".repeat(257)),
        ("/retention/views", |tenant| tenant.retention.views = 31),
        ("/languages", |tenant| tenant.languages.clear()),
        ("/limits/burst", |tenant| {
            tenant.limits = Some(Limits { events_per_second: 1, burst: 0, queries_per_second: 1, query_burst: 1 });
        }),
        ("/url_templates/a~1b", |tenant| {
            tenant.url_templates.insert("a/b".into(), "javascript:{id}".into());
        }),
        ("/url_templates/task", |tenant| {
            tenant.url_templates.insert("task".into(), "https://x.example/".into());
        }),
    ];
    for (pointer, edit) in cases {
        let mut tenant = Tenant::new("acme", "Acme");
        edit(&mut tenant);
        assert_eq!(tenant.validate().unwrap_err().pointer, pointer);
    }
}

/// P11, T19, A2, K16: what each role permits.
#[test]
fn each_role_of_a_reader_permits_what_those_before_it_do() {
    let readers = [Role::Viewer, Role::Supervisor, Role::Security, Role::Admin, Role::Platform];
    let permits = |role: Role| move |permission: &Permission| role.permissions().contain(*permission);
    for pair in readers.windows(2) {
        let fewer: Vec<_> = Permission::ALL.into_iter().filter(permits(pair[0])).collect();
        assert!(fewer.iter().all(permits(pair[1])), "{pair:?}");
        assert!(!Permission::ALL.iter().filter(|one| permits(pair[1])(one)).all(|one| fewer.contains(one)), "{pair:?}");
    }
    let with = |permission| Role::ALL.into_iter().filter(move |role| role.permissions().contain(permission));
    assert_eq!(with(Permission::SendEvents).collect::<Vec<_>>(), [Role::Ingest, Role::Platform]);
    assert_eq!(with(Permission::TraceUsers).next(), Some(Role::Supervisor));
    assert_eq!(with(Permission::SeeViolations).next(), Some(Role::Security));
    assert_eq!(with(Permission::ReadConfiguration).next(), Some(Role::Admin));
    assert_eq!(with(Permission::QuerySql).collect::<Vec<_>>(), [Role::Platform]);
    assert_eq!(with(Permission::RunInstallation).collect::<Vec<_>>(), [Role::Platform]);
}

/// P11: a key belongs to one tenant, or to the platform.
#[test]
fn a_key_has_a_tenant_unless_it_is_the_platforms() {
    let text = KeyText::parse("correct-horse-battery").unwrap();
    let key = |tenant: Option<&str>, role| {
        ApiKey::new(&text, tenant.map(Into::into), role, String::new(), DateTime::UNIX_EPOCH).validate()
    };
    key(None, Role::Platform).unwrap();
    key(Some("acme"), Role::Viewer).unwrap();
    assert_eq!(key(None, Role::Viewer).unwrap_err().pointer, "/tenant");
    assert_eq!(key(Some("acme"), Role::Platform).unwrap_err().pointer, "/tenant");
    assert_eq!(key(Some("A"), Role::Viewer).unwrap_err().pointer, "/tenant");
}
