//! Closed values in the reader's language, by what they are values of: columns, fields of settings, parameters. English is the values
//! themselves, as in the JSON answer; beside them it has words as well.

use std::collections::HashMap;
use std::sync::LazyLock;

use schemas::catalogue::Lang;

use crate::log::words::{channel, of};

type Words = &'static [(&'static str, &'static str, &'static str)];

/// What values are of, and the values in Russian and Czech.
const VALUES: &[(&[&str], Words)] = &[
    (
        &["class"],
        &[
            ("create", "создание", "vytvoření"),
            ("change", "изменение", "změna"),
            ("delete", "удаление", "smazání"),
            ("other", "прочее", "ostatní"),
        ],
    ),
    (
        &["outcome"],
        &[
            ("success", "успешно", "úspěch"),
            ("failure", "неудача", "neúspěch"),
            ("unknown", "неизвестно", "neznámo"),
            ("delivered", "доставлено", "doručeno"),
            ("failed", "не удалось", "nezdařilo se"),
            ("given_up", "прекращено", "vzdáno"),
            ("gone", "получателя больше нет", "příjemce už není"),
            ("dropped", "отброшено", "zahozeno"),
        ],
    ),
    (
        &["category", "retention"],
        &[
            ("sign_ins", "входы", "přihlášení"),
            ("changes", "изменения", "změny"),
            ("views", "просмотры", "zobrazení"),
            ("configuration", "изменения настроек", "změny nastavení"),
            ("other", "прочее", "ostatní"),
        ],
    ),
    (
        &["actor_kind"],
        &[("user", "пользователь", "uživatel"), ("system", "система", "systém"), ("api_key", "ключ API", "klíč API")],
    ),
    (
        &["device_kind"],
        &[
            ("desktop", "компьютер", "počítač"),
            ("mobile", "телефон", "telefon"),
            ("phone", "телефон", "telefon"),
            ("tablet", "планшет", "tablet"),
            ("tv", "телевизор", "televize"),
            ("console", "игровая приставка", "herní konzole"),
            ("wearable", "носимое устройство", "nositelné zařízení"),
            ("bot", "бот", "bot"),
            ("script", "скрипт", "skript"),
            ("unknown", "неизвестно", "neznámo"),
        ],
    ),
    (
        &["confidence"],
        &[
            ("high", "высокая", "vysoká"),
            ("medium", "средняя", "střední"),
            ("low", "низкая", "nízká"),
            ("none", "нет", "žádná"),
        ],
    ),
    (
        &["level", "min_level"],
        &[
            ("informational", "для сведения", "informativní"),
            ("low", "низкий", "nízká"),
            ("medium", "средний", "střední"),
            ("high", "высокий", "vysoká"),
            ("critical", "критический", "kritická"),
        ],
    ),
    (
        &["access"],
        &[
            ("allow", "разрешён", "povolen"),
            ("block", "запрещён", "zakázán"),
            ("ask", "нужно подтверждение", "čeká na potvrzení"),
        ],
    ),
    (
        &["actions", "violation_action"],
        &[
            ("flag", "отметить", "označit"),
            ("block", "заблокировать устройство", "zablokovat zařízení"),
            ("ask", "запросить подтверждение", "vyžádat potvrzení"),
        ],
    ),
    (&["unit"], &[("count", "количество", "počet")]),
    (
        &["state"],
        &[
            ("call", "звонок", "hovor"),
            ("talk", "разговор", "rozhovor"),
            ("duration", "длительность", "trvání"),
            ("writing", "написание", "psaní"),
            ("editing", "редактирование", "úpravy"),
            ("edited", "отредактировано", "upraveno"),
            ("closed", "закрыто", "uzavřeno"),
            ("paid", "оплачиваемый", "placená"),
            ("unpaid", "неоплачиваемый", "neplacená"),
            ("ready", "готовность", "připravenost"),
            ("free", "свободное время", "volný čas"),
            ("signed_in", "вход выполнен", "přihlášení"),
        ],
    ),
    (
        &["figure"],
        &[
            ("calls.closed", "звонки: закрыто", "hovory: uzavřeno"),
            ("calls.duration", "звонки: длительность", "hovory: trvání"),
            ("calls.talk_time", "звонки: время разговора", "hovory: doba rozhovoru"),
            ("emails.closed", "эл. почта: закрыто", "e-maily: uzavřeno"),
            ("emails.writing_time", "эл. почта: время написания", "e-maily: doba psaní"),
            ("messenger.closed", "Messenger: закрыто", "Messenger: uzavřeno"),
            ("messenger.writing_time", "Messenger: время написания", "Messenger: doba psaní"),
            ("pauses.paid", "оплачиваемые перерывы", "placené pauzy"),
            ("pauses.paid_time", "время оплачиваемых перерывов", "doba placených pauz"),
            ("pauses.unpaid", "неоплачиваемые перерывы", "neplacené pauzy"),
            ("pauses.unpaid_time", "время неоплачиваемых перерывов", "doba neplacených pauz"),
            ("presence.free_time", "свободное время", "volný čas"),
            ("presence.ready_time", "время готовности", "doba připravenosti"),
            ("presence.signed_in_time", "время от входа до выхода", "doba od přihlášení do odhlášení"),
            ("sms.closed", "SMS: закрыто", "SMS: uzavřeno"),
            ("sms.writing_time", "SMS: время написания", "SMS: doba psaní"),
            ("tickets.closed", "тикеты: закрыто", "tikety: uzavřeno"),
            ("tickets.edited", "тикеты: отредактировано", "tikety: upraveno"),
            ("tickets.editing_time", "тикеты: время редактирования", "tikety: doba úprav"),
            ("viber.closed", "Viber: закрыто", "Viber: uzavřeno"),
            ("viber.writing_time", "Viber: время написания", "Viber: doba psaní"),
            ("web_chat.closed", "чат на сайте: закрыто", "webový chat: uzavřeno"),
            ("web_chat.writing_time", "чат на сайте: время написания", "webový chat: doba psaní"),
            ("whatsapp.closed", "WhatsApp: закрыто", "WhatsApp: uzavřeno"),
            ("whatsapp.writing_time", "WhatsApp: время написания", "WhatsApp: doba psaní"),
        ],
    ),
    (&["order"], &[("asc", "по возрастанию", "vzestupně"), ("desc", "по убыванию", "sestupně")]),
    (
        &["interval"],
        &[
            ("minute", "минута", "minuta"),
            ("hour", "час", "hodina"),
            ("day", "день", "den"),
            ("week", "неделя", "týden"),
            ("month", "месяц", "měsíc"),
        ],
    ),
    (&["compare"], &[("previous", "прежний период", "předchozí období")]),
    (
        &["resolution"],
        &[
            ("1m", "1 мин", "1 min"),
            ("5m", "5 мин", "5 min"),
            ("10m", "10 мин", "10 min"),
            ("15m", "15 мин", "15 min"),
            ("30m", "30 мин", "30 min"),
            ("1h", "1 ч", "1 h"),
            ("1d", "1 день", "1 den"),
        ],
    ),
    (
        &["by", "distinct"],
        &[
            ("hour", "час", "hodina"),
            ("day", "день", "den"),
            ("week", "неделя", "týden"),
            ("action", "действие", "akce"),
            ("channel", "канал", "kanál"),
            ("class", "класс", "třída"),
            ("country", "страна", "země"),
            ("device", "вид устройства", "druh zařízení"),
            ("devices", "устройства", "zařízení"),
            ("location", "локация", "pobočka"),
            ("object_type", "тип объекта", "typ objektu"),
            ("user", "пользователь", "uživatel"),
            ("users", "пользователи", "uživatelé"),
        ],
    ),
    (
        &["role"],
        &[
            ("ingest", "приём событий", "příjem událostí"),
            ("viewer", "просмотр", "prohlížení"),
            ("supervisor", "руководитель", "vedoucí"),
            ("security", "безопасность", "bezpečnost"),
            ("admin", "администратор", "správce"),
            ("platform", "платформа", "platforma"),
        ],
    ),
    (
        &["permissions"],
        &[
            ("send_events", "отправка событий", "posílání událostí"),
            ("read_log", "чтение журнала", "čtení záznamu"),
            ("trace_users", "просмотр активности пользователей", "zobrazení aktivity uživatelů"),
            ("see_violations", "просмотр нарушений", "zobrazení porušení"),
            ("manage_access", "управление доступом", "správa přístupu"),
            ("read_configuration", "чтение изменений настроек", "čtení změn nastavení"),
            ("administer", "администрирование", "správa"),
            ("query_sql", "запросы SQL", "dotazy SQL"),
            ("run_installation", "управление установкой", "správa instalace"),
        ],
    ),
    (
        &["profile"],
        &[
            ("none", "без правил", "žádná pravidla"),
            ("marks_only", "только отметки", "jen označení"),
            ("recommended", "рекомендуемый", "doporučený"),
        ],
    ),
    (
        &["week_start"],
        &[("monday", "понедельник", "pondělí"), ("saturday", "суббота", "sobota"), ("sunday", "воскресенье", "neděle")],
    ),
    (&["languages"], &[("en", "английский", "angličtina"), ("ru", "русский", "ruština"), ("cs", "чешский", "čeština")]),
    (
        &["action"],
        &[
            ("add", "добавление", "přidání"),
            ("allow", "разрешение", "povolení"),
            ("apply", "применение", "použití"),
            ("ask", "запрос подтверждения", "vyžádání potvrzení"),
            ("attach", "прикрепление", "přiložení"),
            ("block", "блокировка", "zablokování"),
            ("call_in", "входящий звонок", "příchozí hovor"),
            ("call_missed", "пропущенный звонок", "zmeškaný hovor"),
            ("call_out", "исходящий звонок", "odchozí hovor"),
            ("cancel", "отмена", "zrušení"),
            ("close", "закрытие", "uzavření"),
            ("complete", "завершение", "dokončení"),
            ("convert", "преобразование", "převedení"),
            ("create", "создание", "vytvoření"),
            ("deactivate", "деактивация", "deaktivace"),
            ("delete", "удаление", "smazání"),
            ("disable", "выключение", "vypnutí"),
            ("download", "скачивание", "stažení"),
            ("enable", "включение", "zapnutí"),
            ("enroll", "зачисление", "zápis"),
            ("erase", "стирание", "výmaz"),
            ("export", "выгрузка", "export"),
            ("free", "конец свободного времени", "konec volného času"),
            ("free_start", "начало свободного времени", "začátek volného času"),
            ("import", "импорт", "import"),
            ("invite", "приглашение", "pozvání"),
            ("match", "совпадение с правилом", "shoda s pravidlem"),
            ("pause_paid", "оплачиваемый перерыв", "placená pauza"),
            ("pause_start", "начало перерыва", "začátek pauzy"),
            ("pause_unpaid", "неоплачиваемый перерыв", "neplacená pauza"),
            ("print", "печать", "tisk"),
            ("reactivate", "повторная активация", "opětovná aktivace"),
            ("ready", "конец готовности", "konec připravenosti"),
            ("ready_start", "начало готовности", "začátek připravenosti"),
            ("receive", "получение", "přijetí"),
            ("refund", "возврат денег", "vrácení peněz"),
            ("remove", "изъятие", "odebrání"),
            ("renew", "продление", "prodloužení"),
            ("reopen", "повторное открытие", "znovuotevření"),
            ("reset", "сброс", "obnovení výchozího"),
            ("restore", "восстановление", "obnovení"),
            ("review", "рассмотрение", "prověření"),
            ("revoke", "отзыв", "odvolání"),
            ("send", "отправка", "odeslání"),
            ("session_expired", "истечение сеанса", "vypršení relace"),
            ("sign_in", "вход", "přihlášení"),
            ("sign_in_failed", "неудачный вход", "neúspěšné přihlášení"),
            ("sign_out", "выход", "odhlášení"),
            ("submit", "сдача", "odevzdání"),
            ("talk", "разговор", "rozhovor"),
            ("update", "изменение", "změna"),
            ("upload", "загрузка", "nahrání"),
            ("view", "просмотр", "zobrazení"),
            ("warn", "предупреждение", "varování"),
        ],
    ),
    (
        &["module"],
        &[
            ("access", "доступ", "přístup"),
            ("account_settings", "настройки аккаунта", "nastavení účtu"),
            ("activities", "активности", "aktivity"),
            ("auto_assignment", "автораспределение", "automatické přidělování"),
            ("campaigns", "кампании", "kampaně"),
            ("clients", "клиенты", "klienti"),
            ("comments", "комментарии", "komentáře"),
            ("communication", "общение", "komunikace"),
            ("companies", "компании", "firmy"),
            ("contacts", "контакты", "kontakty"),
            ("courses", "курсы", "kurzy"),
            ("crm_settings", "настройки CRM", "nastavení CRM"),
            ("deals", "сделки", "obchody"),
            ("documents", "документы", "dokumenty"),
            ("files", "файлы", "soubory"),
            ("invoices", "счета на оплату", "faktury"),
            ("leads", "лиды", "leady"),
            ("meetings", "встречи", "schůzky"),
            ("money", "деньги", "peníze"),
            ("notes", "заметки", "poznámky"),
            ("objects", "объекты", "objekty"),
            ("orders", "заказы", "zakázky"),
            ("payroll", "зарплата", "mzdy"),
            ("people", "люди", "lidé"),
            ("plans_and_billing", "тарифные планы и оплата", "tarify a platby"),
            ("presence", "присутствие", "přítomnost"),
            ("products", "товары", "produkty"),
            ("quotes", "коммерческие предложения", "cenové nabídky"),
            ("reports", "отчёты", "přehledy"),
            ("requests", "обращения", "požadavky"),
            ("sales", "продажи", "prodeje"),
            ("sales_sequences", "цепочки продаж", "prodejní sekvence"),
            ("segments", "сегменты", "segmenty"),
            ("stock", "склад", "sklad"),
            ("subscriptions", "подписки", "předplatné"),
            ("tasks", "задачи", "úkoly"),
            ("territories", "территории", "teritoria"),
            ("usertrail", "usertrail", "usertrail"),
            ("workflows", "бизнес-процессы", "pracovní postupy"),
        ],
    ),
    (
        &["object_type"],
        &[
            ("account", "счёт", "účet"),
            ("account_cancellation", "закрытие аккаунта", "zrušení účtu"),
            ("account_setting", "настройка аккаунта", "nastavení účtu"),
            ("activity", "активность", "aktivita"),
            ("alert_endpoint", "получатель оповещений", "příjemce upozornění"),
            ("alert_silence", "пауза оповещений", "ztišení upozornění"),
            ("api_key", "ключ API", "klíč API"),
            ("assignment", "задание", "zadání"),
            ("auto_assignment_rule", "правило автораспределения", "pravidlo automatického přidělování"),
            ("billing_details", "платёжные реквизиты", "fakturační údaje"),
            ("call", "звонок", "hovor"),
            ("campaign", "кампания", "kampaň"),
            ("cash_desk", "касса", "pokladna"),
            ("chat", "чат", "chat"),
            ("client", "клиент", "klient"),
            ("client_refund", "возврат клиенту", "vratka klientovi"),
            ("comment", "комментарий", "komentář"),
            ("company", "компания", "firma"),
            ("contact", "контакт", "kontakt"),
            ("course", "курс", "kurz"),
            ("crm_object", "объект CRM", "objekt CRM"),
            ("crm_setting", "настройка CRM", "nastavení CRM"),
            ("custom_field", "дополнительное поле", "vlastní pole"),
            ("deal", "сделка", "obchod"),
            ("device", "устройство", "zařízení"),
            ("document", "документ", "dokument"),
            ("email", "письмо", "e-mail"),
            ("employee", "сотрудник", "zaměstnanec"),
            ("event_log", "журнал событий", "záznam událostí"),
            ("exemption", "освобождение от проверок", "výjimka z kontrol"),
            ("file", "файл", "soubor"),
            ("fiscal_receipt", "фискальный чек", "fiskální účtenka"),
            ("goods_receipt", "приход товара", "příjemka"),
            ("integration", "интеграция", "integrace"),
            ("invoice", "счёт на оплату", "faktura"),
            ("lead", "лид", "lead"),
            ("legal_hold", "запрет удаления", "zákaz mazání"),
            ("lesson", "урок", "lekce"),
            ("location", "локация", "pobočka"),
            ("meeting", "встреча", "schůzka"),
            ("note", "заметка", "poznámka"),
            ("offer", "предложение", "nabídka"),
            ("order", "заказ", "zakázka"),
            ("payment", "платёж", "platba"),
            ("payment_method", "способ оплаты", "platební metoda"),
            ("payroll_bonus", "премия", "prémie"),
            ("person", "человек", "osoba"),
            ("phone_credits", "кредиты на звонки", "telefonní kredit"),
            ("pipeline", "воронка", "pipeline"),
            ("plan", "тарифный план", "tarif"),
            ("product", "товар", "produkt"),
            ("quota", "квота", "kvóta"),
            ("quote", "коммерческое предложение", "cenová nabídka"),
            ("report", "отчёт", "přehled"),
            ("request", "обращение", "požadavek"),
            ("restore", "восстановление", "obnovení"),
            ("role", "роль", "role"),
            ("rule", "правило", "pravidlo"),
            ("sale", "продажа", "prodej"),
            ("sales_sequence", "цепочка продаж", "prodejní sekvence"),
            ("segment", "сегмент", "segment"),
            ("setting", "настройка", "nastavení"),
            ("sms", "SMS", "SMS"),
            ("stock_take", "инвентаризация", "inventura"),
            ("subscription", "подписка", "předplatné"),
            ("supplier_return", "возврат поставщику", "vratka dodavateli"),
            ("task", "задача", "úkol"),
            ("team", "команда", "tým"),
            ("territory", "территория", "teritorium"),
            ("ticket", "тикет", "tiket"),
            ("transfer", "перемещение товара", "převodka"),
            ("trial", "пробный период", "zkušební období"),
            ("user", "пользователь", "uživatel"),
            ("video", "видео", "video"),
            ("violation", "нарушение", "porušení"),
            ("warehouse", "склад", "sklad"),
            ("webhook", "вебхук", "webhook"),
            ("workflow", "бизнес-процесс", "pracovní postup"),
            ("write_off", "списание", "odpis zásob"),
        ],
    ),
    (
        &[
            "active",
            "backfill",
            "enabled",
            "include_deactivated",
            "logging",
            "marked",
            "reviewed",
            "signed_in",
            "signed_out",
            "violations",
        ],
        &[("true", "да", "ano"), ("false", "нет", "ne")],
    ),
];

/// The same, by both.
static BY_VALUE: LazyLock<HashMap<(&str, &str), [&str; 3]>> = LazyLock::new(|| {
    let named = VALUES.iter().flat_map(|(names, words)| names.iter().map(move |name| (*name, *words)));
    named
        .flat_map(|(name, words)| words.iter().map(move |(value, ru, cs)| ((name, *value), [*value, *ru, *cs])))
        .collect()
});

/// What English calls otherwise than the value with spaces.
const ENGLISH: &[(&str, &str)] = &[
    ("api_key", "API key"),
    ("call_in", "incoming call"),
    ("call_missed", "missed call"),
    ("call_out", "outgoing call"),
    ("crm_object", "CRM object"),
    ("crm_setting", "CRM setting"),
    ("crm_settings", "CRM settings"),
    ("email", "e-mail"),
    ("sign_in", "sign-in"),
    ("sign_in_failed", "failed sign-in"),
    ("sign_ins", "sign-ins"),
    ("sign_out", "sign-out"),
    ("sms", "SMS"),
    ("stock_take", "stock-take"),
    ("write_off", "write-off"),
];

/// A closed value in words; one that is not known, such as an application's own, is as it is.
pub(crate) fn value(name: &str, value: &str, lang: Lang) -> String {
    known(name, value, lang).unwrap_or_else(|| value.to_owned())
}

/// The word for a closed value, where the language has one of its own.
pub(crate) fn known(name: &str, value: &str, lang: Lang) -> Option<String> {
    if lang == Lang::En {
        return None;
    }
    if name == "channel" {
        return Some(channel(value, lang).to_owned()).filter(|word| word != value);
    }
    match BY_VALUE.get(&(name, value)) {
        Some(words) => Some(of(lang, *words).to_owned()),
        // What a user did is in the state of doing it.
        None if name == "state" => known("action", value, lang),
        None => None,
    }
}

/// What a closed value is called beside it, in English too. An application's own is called what it is.
pub(crate) fn label(name: &str, value: &str, lang: Lang) -> String {
    if let Some(word) = known(name, value, lang) {
        return word;
    }
    let called = if name == "channel" { channel(value, Lang::En) } else { value };
    match ENGLISH.iter().find(|(code, _)| *code == called) {
        Some((_, word)) => (*word).to_owned(),
        None => called.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use schemas::access::Access;
    use schemas::catalogue::{Catalogue, Category, Class};
    use schemas::settings::{Permission, Role};
    use schemas::violation::Action;

    use super::*;
    use crate::statistics::view::Dimension;
    use crate::violations::filter::LEVELS;

    /// P16: whatever the product has a closed set of has a word for each in Russian and Czech.
    #[test]
    fn every_closed_value_has_words() {
        let mut wanted: Vec<(&str, String)> = Vec::new();
        let catalogue = Catalogue::shipped().unwrap();
        for entry in catalogue.entries() {
            wanted.push(("action", entry.action.clone()));
            wanted.push(("state", entry.action.clone()));
            wanted.push(("module", entry.module.clone()));
            wanted.push(("object_type", entry.object_type.clone()));
        }
        fn word(value: impl serde::Serialize) -> String {
            serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
        }
        wanted.extend([Class::Create, Class::Change, Class::Delete, Class::Other].map(|class| ("class", word(class))));
        let categories =
            [Category::SignIns, Category::Changes, Category::Views, Category::Configuration, Category::Other];
        wanted.extend(categories.map(|category| ("category", word(category))));
        wanted.extend(LEVELS.iter().map(|level| ("level", (*level).to_owned())));
        wanted.extend([Access::Allow, Access::Block, Access::Ask].map(|access| ("access", word(access))));
        wanted.extend([Action::Flag, Action::Block, Action::Ask].map(|action| ("violation_action", word(action))));
        wanted.extend(Role::ALL.map(|role| ("role", word(role))));
        wanted.extend(Permission::ALL.map(|permission| ("permissions", word(permission))));
        wanted.extend(Dimension::ALL.map(|dimension| ("by", word(dimension))));
        wanted.extend(Lang::ALL.map(|lang| ("languages", word(lang))));
        for (name, value) in wanted.iter().filter(|(_, value)| !value.is_empty()) {
            for lang in [Lang::Ru, Lang::Cs] {
                assert!(known(name, value, lang).is_some(), "{name} {value} has no word");
            }
        }
        assert!(wanted.len() > 1000, "{}", wanted.len());
        assert_eq!(value("action", "frobnicate", Lang::Cs), "frobnicate");
        assert_eq!(value("outcome", "failure", Lang::En), "failure");
        let labels = |name: &str, value: &str| Lang::ALL.map(|lang| label(name, value, lang));
        assert_eq!(labels("action", "sign_in_failed"), ["failed sign-in", "неудачный вход", "neúspěšné přihlášení"]);
        assert_eq!(labels("channel", "web_chat"), ["web chat", "чат на сайте", "webový chat"]);
        assert_eq!(labels("state", "signed_in"), ["signed in", "вход выполнен", "přihlášení"]);
        assert_eq!(labels("object_type", "price_list"), ["price list"; 3]);
        assert_eq!(labels("category", ""), [""; 3]);
    }
}
