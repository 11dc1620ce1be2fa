//! The shipped catalogue: complete against the product's lines J10 and A9, well worded, and layered by tenants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use schemas::catalogue::{Catalogue, CatalogueEntry, CatalogueError, Category, Class, Lang, Texts, Values, sentence};

/// J10, phrase by phrase as the line has it, and the types that answer it.
const J10: &[(&str, &str)] = &[
    (
        "tasks created/deleted/deadline changed/assignee changed/completed/reopened",
        "task.created task.deleted task.deadline_changed task.assignee_changed task.completed task.reopened",
    ),
    (
        "requests created/deleted/status, type, client, deadline, location, manager changed",
        "request.created request.deleted request.status_changed request.type_changed request.client_changed \
         request.deadline_changed request.location_changed request.manager_changed",
    ),
    (
        "orders created/deleted/status, location, client, type, deadline, appointment time, manager, executor changed",
        "order.created order.deleted order.status_changed order.location_changed order.client_changed order.type_changed \
         order.deadline_changed order.appointment_time_changed order.manager_changed order.executor_changed",
    ),
    (
        "(orders) work, service, product added/removed",
        "order.work_added order.work_removed order.service_added order.service_removed order.product_added \
         order.product_removed",
    ),
    ("sales created/deleted", "sale.created sale.deleted"),
    ("fiscal receipt printed", "fiscal_receipt.printed"),
    (
        "accounts, cash desks, client refunds created/deleted",
        "account.created account.deleted cash_desk.created cash_desk.deleted client_refund.created client_refund.deleted",
    ),
    ("products created/deleted/renamed", "product.created product.deleted product.renamed"),
    (
        "goods receipts, write-offs, supplier returns, stock-takes created/deleted",
        "goods_receipt.created goods_receipt.deleted write_off.created write_off.deleted supplier_return.created \
         supplier_return.deleted stock_take.created stock_take.deleted",
    ),
    ("transfers created", "transfer.created"),
    (
        "clients created/deleted, discount changed, review received",
        "client.created client.deleted client.discount_changed client.review_received",
    ),
    ("incoming and outgoing calls, SMS sent", "call.incoming call.outgoing sms.sent"),
    (
        "employees, locations, warehouses created/deleted",
        "employee.created employee.deleted location.created location.deleted warehouse.created warehouse.deleted",
    ),
    (
        "payroll bonus created/changed/applied/cancelled/deleted",
        "payroll_bonus.created payroll_bonus.changed payroll_bonus.applied payroll_bonus.cancelled payroll_bonus.deleted",
    ),
    (
        "order comment created; order file attached/removed",
        "order.comment_created order.file_attached order.file_removed",
    ),
    ("user signed in", "user.signed_in"),
];

/// A9, area by area: the module, and the objects that can be created, updated and deleted there.
const A9: &[(&str, &str, &str)] = &[
    (
        "plans and billing",
        "plans_and_billing",
        "plan payment_method billing_details phone_credits account_cancellation trial",
    ),
    ("account settings", "account_settings", "account_setting"),
    ("CRM settings", "crm_settings", "crm_setting"),
    ("territories", "territories", "territory"),
    ("auto-assignment", "auto_assignment", "auto_assignment_rule"),
    ("sales sequences", "sales_sequences", "sales_sequence"),
    ("workflows", "workflows", "workflow"),
];

fn shipped() -> Catalogue {
    Catalogue::shipped().expect("the shipped catalogue is valid")
}

fn entry<'a>(catalogue: &'a Catalogue, event_type: &str) -> &'a CatalogueEntry {
    catalogue.get(event_type).unwrap_or_else(|| panic!("{event_type} is not in the catalogue"))
}

/// J10: every phrase of the line has its types, each its own.
#[test]
fn every_line_of_j10_has_its_entries() {
    let catalogue = shipped();
    let mut seen = BTreeSet::new();
    for (line, types) in J10 {
        for event_type in types.split_whitespace() {
            let entry = entry(&catalogue, event_type);
            assert!(seen.insert(event_type), "{event_type} answers two phrases, one of them {line:?}");
            let verb = event_type.rsplit('.').next().unwrap();
            let class = match verb {
                "created" | "comment_created" => Class::Create,
                "deleted" => Class::Delete,
                "incoming" | "outgoing" | "sent" | "printed" | "signed_in" | "review_received" | "file_attached"
                | "file_removed" => Class::Other,
                _ if verb.ends_with("_added") => Class::Create,
                _ if verb.ends_with("_removed") => Class::Delete,
                _ => Class::Change,
            };
            assert_eq!(entry.class, class, "{event_type}");
        }
    }
    assert_eq!(seen.len(), 73);
}

/// J2: the class of every type. What makes, ends or alters something is named after that; authentication, messages, calls,
/// reviews, files, reads and presence are `other`.
#[test]
fn every_type_has_the_class_of_its_verb() {
    const OTHER: &str = "incoming outgoing missed talked sent received message_sent message_received review_received \
                         printed signed_in signed_out sign_in_failed session_expired paid_started paid_ended unpaid_started \
                         unpaid_ended entered left file_attached file_removed viewed exported recording_played played \
                         downloaded restore.requested restore.failed rule.matched \
                         quota.nearly_used quota.used_up";
    const CREATE: &str = "created comment_created work_added service_added product_added exemption.granted \
                          legal_hold.placed restore.succeeded uploaded invited imported";
    const DELETE: &str = "deleted work_removed service_removed product_removed erased api_key.revoked exemption.ended \
                          legal_hold.released";
    const CHANGE: &str = "updated changed edited renamed completed reopened applied cancelled enabled disabled activated \
                          deactivated reactivated blocked allowed access_asked access_reset reviewed review_withdrawn \
                          two_factor_enabled two_factor_disabled enrolled refunded submitted \
                          converted renewed";
    let named = |words: &str, event_type: &str, verb: &str| {
        words.split_whitespace().any(|word| word == event_type || word == verb)
    };
    for entry in shipped().entries() {
        let (object, verb) = entry.event_type.split_once('.').unwrap();
        let closed = if object == "ticket" { Class::Change } else { Class::Other };
        let class = match verb {
            // A ticket is a thing that changes; calls and messages are communication.
            "closed" => closed,
            _ if verb.ends_with("_changed") => Class::Change,
            _ => {
                let all =
                    [(OTHER, Class::Other), (CREATE, Class::Create), (DELETE, Class::Delete), (CHANGE, Class::Change)];
                let found: Vec<Class> = all
                    .into_iter()
                    .filter_map(|(words, class)| named(words, &entry.event_type, verb).then_some(class))
                    .collect();
                assert_eq!(found.len(), 1, "{}: say here which class it is of", entry.event_type);
                found[0]
            }
        };
        assert_eq!(entry.class, class, "{}", entry.event_type);
        let reads = matches!(entry.category, Category::Views | Category::SignIns) && !verb.contains("two_factor");
        assert!(!reads || entry.class == Class::Other || verb == "password_changed", "{}", entry.event_type);
    }
}

/// A9, A6, A7: each area of the configuration has created, updated and deleted types in its module.
#[test]
fn every_area_of_a9_has_its_entries() {
    let catalogue = shipped();
    for (area, module, objects) in A9 {
        for object in objects.split_whitespace() {
            for (verb, class) in [("created", Class::Create), ("updated", Class::Change), ("deleted", Class::Delete)] {
                let entry = entry(&catalogue, &format!("{object}.{verb}"));
                assert_eq!((entry.class, entry.category), (class, Category::Configuration), "{area}: {object}.{verb}");
                assert_eq!(entry.module, *module, "{area}: {object}.{verb}");
                assert_eq!(entry.object_type, object, "{area}: {object}.{verb}");
            }
        }
    }
}

/// K8: what a course platform's users open has its types; so have the objects of a CRM.
#[test]
fn courses_and_the_crm_have_their_entries() {
    let catalogue = shipped();
    for object in "course lesson video offer payment assignment crm_object note document quote invoice contact deal \
                   activity company lead meeting subscription"
        .split_whitespace()
    {
        for (verb, class, action) in [
            ("created", Class::Create, "create"),
            ("updated", Class::Change, "update"),
            ("deleted", Class::Delete, "delete"),
            ("viewed", Class::Other, "view"),
        ] {
            let entry = entry(&catalogue, &format!("{object}.{verb}"));
            assert_eq!((entry.class, entry.action.as_str()), (class, action), "{object}.{verb}");
            assert_eq!(entry.category == Category::Views, verb == "viewed", "{object}.{verb}");
            assert_eq!(entry.object_type, object);
        }
    }
    // What goes with them: who owns them, where they stand, what hangs on them, and what comes and goes by the hundred.
    for (types, class) in [
        (
            "lead.owner_changed lead.status_changed lead.converted client.updated user.updated subscription.renewed",
            Class::Change,
        ),
        ("comment.created file.uploaded ticket.created user.invited leads.imported contacts.imported", Class::Create),
        ("comment.deleted file.deleted ticket.deleted user.deleted webhook.deleted pipeline.deleted", Class::Delete),
        ("file.downloaded ticket.viewed leads.exported tickets.exported", Class::Other),
    ] {
        for event_type in types.split_whitespace() {
            assert_eq!(entry(&catalogue, event_type).class, class, "{event_type}");
        }
    }
    for object in ["webhook", "pipeline", "team"] {
        assert_eq!(entry(&catalogue, &format!("{object}.updated")).category, Category::Configuration, "{object}");
    }
}

/// L5, L6, L10: sign-ins, views and exports are filed as what they are.
#[test]
fn sign_ins_views_and_exports() {
    let catalogue = shipped();
    for (event_type, category, action) in [
        ("user.signed_in", Category::SignIns, "sign_in"),
        ("user.sign_in_failed", Category::SignIns, "sign_in_failed"),
        ("user.signed_out", Category::SignIns, "sign_out"),
        ("contact.viewed", Category::Views, "view"),
        ("deal.viewed", Category::Views, "view"),
        ("activity.viewed", Category::Views, "view"),
        ("contacts.exported", Category::Views, "export"),
        ("deals.exported", Category::Views, "export"),
        ("activities.exported", Category::Views, "export"),
        // P13: reading the log is itself logged.
        ("event_log.viewed", Category::Views, "view"),
        ("event_log.exported", Category::Views, "export"),
    ] {
        let got = catalogue.classify(event_type, None, None);
        assert_eq!(
            (got.category, got.action, got.class, got.known),
            (category, action, Class::Other, true),
            "{event_type}"
        );
    }
}

/// T8–T13: each channel has what its statistics are made of.
#[test]
fn channels() {
    let catalogue = shipped();
    for (channel, types) in [
        ("call", "call.incoming call.outgoing call.missed call.talked call.closed"),
        ("email", "email.sent email.received email.closed"),
        ("sms", "sms.sent sms.received sms.closed"),
        ("web_chat", "web_chat.message_sent web_chat.closed"),
        ("messenger", "messenger.message_sent messenger.closed"),
        ("whatsapp", "whatsapp.message_sent whatsapp.closed"),
        ("viber", "viber.message_sent viber.closed"),
        ("ticket", "ticket.edited ticket.closed"),
        ("pause", "pause.paid_ended pause.unpaid_ended"),
        ("ready", "ready_state.left"),
        ("free", "free_state.left"),
    ] {
        for event_type in types.split_whitespace() {
            assert_eq!(entry(&catalogue, event_type).channel.as_deref(), Some(channel), "{event_type}");
        }
    }
}

/// J15, J16: exactly the seven types are restorable, and every other deletion says why it is not.
#[test]
fn restorable() {
    let catalogue = shipped();
    let restorable: BTreeSet<_> =
        catalogue.entries().filter(|entry| entry.restorable).map(|entry| entry.event_type.as_str()).collect();
    let expected = ["task", "request", "client", "account", "cash_desk", "warehouse", "product"];
    assert_eq!(restorable, expected.map(|object| format!("{object}.deleted")).iter().map(String::as_str).collect());
    for entry in catalogue.entries().filter(|entry| entry.class == Class::Delete && !entry.restorable) {
        assert!(entry.not_restorable_reason.is_some(), "{}: a user would ask why", entry.event_type);
    }
}

/// J13, P16: each sentence reads well with all values, with only the new one (J14) and with none, in each language.
#[test]
fn sentences_read_well() {
    let full = Values {
        actor: Some("Eva Nová"),
        object: Some("No. 7"),
        old: Some("old"),
        new: Some("new"),
        reason: Some("why"),
        records: Some(3),
    };
    let bare = Values { actor: full.actor, ..Values::default() };
    let new_only = Values { old: None, reason: None, ..full };
    for entry in shipped().entries() {
        for lang in Lang::ALL {
            for values in [&full, &new_only, &bare] {
                let text = sentence(entry, lang, values);
                let at_fault = format!("{} in {lang}: {text:?}", entry.event_type);
                assert!(!text.contains(['{', '}', '[', ']', '—']), "{at_fault}");
                assert!(!text.contains("  ") && !text.contains(" ,") && text.trim() == text, "{at_fault}");
                assert!(!text.contains("“”") && !text.contains("«»") && !text.contains("()"), "{at_fault}");
            }
            // Words of another language are the commonest slip.
            let name = entry.name.exact(lang);
            let cyrillic = |text: &str| text.chars().any(|letter| ('а'..='я').contains(&letter));
            assert_eq!(cyrillic(name), lang == Lang::Ru, "{}: {name}", entry.event_type);
            assert_eq!(cyrillic(entry.sentence.exact(lang)), lang == Lang::Ru, "{}: {lang}", entry.event_type);
        }
    }
}

/// J13, J14 in the three languages, word for word.
#[test]
fn sentences_word_for_word() {
    let catalogue = shipped();
    let values =
        Values { actor: Some("Eva"), object: Some("1042"), old: Some("Mon"), new: Some("Fri"), ..Values::default() };
    let in_all =
        |event_type: &str, values: &Values<'_>| Lang::ALL.map(|lang| catalogue.describe(event_type, lang, values));
    assert_eq!(
        in_all("order.deadline_changed", &values),
        [
            "Eva changed the deadline of the order “1042” from “Mon” to “Fri”",
            "Eva: изменён срок заказа «1042», было: «Mon», стало: «Fri»",
            "Eva: změněn termín zakázky „1042“, původně: „Mon“, nově: „Fri“",
        ]
    );
    assert_eq!(
        in_all("order.deadline_changed", &Values { old: None, ..values })[1],
        "Eva: изменён срок заказа «1042», стало: «Fri»"
    );
    assert_eq!(
        in_all("workflow.deleted", &Values::default()),
        ["System deleted the workflow", "Система: удалён бизнес-процесс", "Systém: smazán pracovní postup",]
    );
    let export = Values { actor: Some("Eva"), records: Some(1200), new: Some("XLSX"), ..Values::default() };
    assert_eq!(
        in_all("contacts.exported", &export),
        [
            "Eva exported contacts (records: 1200) to XLSX",
            "Eva: выгрузка контактов (записей: 1200), формат: XLSX",
            "Eva: export kontaktů (záznamů: 1200), formát: XLSX",
        ]
    );
    // J10: an unknown type has a sentence too.
    assert_eq!(in_all("spaceship.launched", &values)[0], "Eva: spaceship.launched · 1042");
}

/// What the event says of itself wins; the category stays the catalogue's.
#[test]
fn classify() {
    let catalogue = shipped();
    let got = catalogue.classify("task.deleted", Some(Class::Change), Some("archive"));
    assert_eq!(
        (got.class, got.action, got.category, got.module),
        (Class::Change, "archive", Category::Changes, "tasks")
    );
    let got = catalogue.classify("spaceship.launched", None, None);
    assert_eq!(
        (got.class, got.category, got.known, got.object_type),
        (Class::Other, Category::Other, false, "spaceship")
    );
}

fn own_type(name: &str) -> CatalogueEntry {
    CatalogueEntry {
        event_type: name.to_owned(),
        name: Texts { en: "Lesson booked".to_owned(), ..Texts::default() },
        class: Class::Create,
        category: Category::Changes,
        action: "create".to_owned(),
        module: String::new(),
        object_type: "lesson".to_owned(),
        restorable: false,
        not_restorable_reason: None,
        channel: None,
        sentence: Texts { en: "{actor} booked lesson[ “{object}”]".to_owned(), ..Texts::default() },
    }
}

/// J10: a tenant adds its own types, in one language if it likes; the shipped ones stay as they are.
#[test]
fn a_tenant_adds_its_own_types() {
    let shipped = shipped();
    let ours = shipped.with_tenant_types(&[own_type("lesson.booked"), own_type("task.created")]);
    assert_eq!(ours.len(), shipped.len() + 1);
    assert_eq!(ours.entries().last().unwrap().event_type, "lesson.booked");
    assert!(shipped.get("lesson.booked").is_none());
    assert_eq!(ours.get("task.created").unwrap().object_type, "task");
    assert_eq!(ours.classify("lesson.booked", None, None).object_type, "lesson");
    let values = Values { actor: Some("Eva"), ..Values::default() };
    assert_eq!(ours.describe("lesson.booked", Lang::Cs, &values), "Eva booked lesson");
    // Another tenant's types replace them.
    assert!(ours.with_tenant_types(&[]).get("lesson.booked").is_none());
}

#[test]
fn a_tenants_bad_types_are_refused() {
    let shipped = shipped();
    assert!(shipped.check_tenant_types(&[own_type("lesson.booked")], &[]).is_ok());
    let refused = |entries: &[CatalogueEntry]| shipped.check_tenant_types(entries, &[]).unwrap_err();
    assert!(matches!(refused(&[own_type("task.created")]), CatalogueError::Duplicate(_)));
    assert!(matches!(refused(&[own_type("a.b"), own_type("a.b")]), CatalogueError::Duplicate(_)));
    for name in ["", "lesson", "lesson.", ".x", "Lesson.booked", "lesson booked.x", &format!("a.{}", "b".repeat(128))] {
        assert!(matches!(refused(&[own_type(name)]), CatalogueError::TypeName(_)), "{name:?}");
    }
    let mut entry = own_type("lesson.booked");
    entry.sentence.cs = "{kdo}".to_owned();
    assert_eq!(refused(&[entry]).to_string(), "event type lesson.booked: sentence in cs: unknown placeholder {kdo}");
    let mut entry = own_type("lesson.booked");
    entry.restorable = true;
    assert!(matches!(refused(&[entry]), CatalogueError::Field { field: "restorable", .. }));
    let mut entry = own_type("lesson.booked");
    entry.sentence = Texts::default();
    assert!(matches!(refused(&[entry]), CatalogueError::Field { field: "sentence", .. }));
}

/// The files have no keys that the program would silently ignore: what is written out again is what was read.
#[test]
fn the_files_hold_nothing_unknown() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue");
    let mut found = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let as_written: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let as_read: Vec<CatalogueEntry> = serde_json::from_str(&text).unwrap();
        found += as_read.len();
        for (written, read) in as_written.iter().zip(&as_read) {
            assert_eq!(*written, serde_json::to_value(read).unwrap());
        }
    }
    assert_eq!(found, shipped().len(), "a file of the folder is not compiled in");
}

#[test]
fn accept_language() {
    for (header, lang) in [
        ("cs-CZ,cs;q=0.9,en;q=0.8", Lang::Cs),
        ("de, ru;q=0.7, en;q=0.3", Lang::Ru),
        ("de", Lang::En),
        ("", Lang::En),
        ("RU", Lang::Ru),
        ("ru;q=0, cs;q=0.1", Lang::Cs),
        ("ru;q=nonsense", Lang::En),
    ] {
        assert_eq!(Lang::from_accept_language(header), lang, "{header}");
    }
}
