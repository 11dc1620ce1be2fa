//! What the page for signing in says, in English, Russian and Czech.

use schemas::catalogue::Lang;

/// A text in the three languages.
type Words = [&'static str; 3];

pub(crate) const TITLE: Words = ["Sign in to usertrail", "Вход в usertrail", "Přihlášení do usertrailu"];
pub(crate) const WITH: Words = ["Sign in with", "Войти через", "Přihlásit se přes"];
pub(crate) const OR: Words = ["or", "или", "nebo"];
pub(crate) const KEY: Words = ["API key", "Ключ API", "Klíč API"];
pub(crate) const HINT: Words = [
    "A key that may read the log. An administrator of your company makes one.",
    "Ключ, которому разрешено читать журнал. Его создаёт администратор вашей организации.",
    "Klíč, který smí číst záznam. Vytvoří ho správce vaší organizace.",
];
pub(crate) const SIGN_IN: Words = ["Sign in", "Войти", "Přihlásit se"];
pub(crate) const LANGUAGES: Words = ["Language", "Язык", "Jazyk"];
/// What each language calls itself.
pub(crate) const NAMES: Words = ["English", "Русский", "Čeština"];

/// Why nobody was signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The key is not valid.
    Key,
    /// The key is valid, and reads nothing.
    CannotRead,
    /// Too many attempts.
    TooMany,
    /// The link was followed before, or is too old, or comes from elsewhere.
    Link,
    /// The provider can't be asked, or did not sign anybody in.
    Provider,
    /// The sign-in at the provider took too long, or was begun elsewhere.
    Begun,
    /// The provider's word gives nothing here.
    NoAccess,
    /// The page was sent by another site, or the browser hides where it is from.
    Elsewhere,
    /// The address is not the console's, or not safe.
    Address,
}

impl Failed {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Key, "key"),
        (Self::CannotRead, "cannot_read"),
        (Self::TooMany, "too_many"),
        (Self::Link, "link"),
        (Self::Provider, "provider"),
        (Self::Begun, "begun"),
        (Self::NoAccess, "no_access"),
        (Self::Elsewhere, "elsewhere"),
        (Self::Address, "address"),
    ];

    /// Its word in addresses.
    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(one, _)| *one == self).map_or("", |(_, word)| word)
    }

    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(one, _)| *one)
    }

    /// What happened, and what to do about it.
    pub(crate) fn said(self) -> Words {
        match self {
            Self::Key => [
                "This key is not valid. It may have been revoked, or part of it is missing.",
                "Этот ключ недействителен. Возможно, он отозван или скопирован не полностью.",
                "Tento klíč není platný. Možná byl zrušen, nebo jeho část chybí.",
            ],
            Self::CannotRead => [
                "This key may send events, but not read them. Use one that may read the log.",
                "Этому ключу разрешено отправлять события, но не читать их. Возьмите ключ с правом чтения журнала.",
                "Tento klíč smí události posílat, ale ne číst. Použijte klíč, který smí číst záznam.",
            ],
            Self::TooMany => [
                "Too many attempts from your address. Wait a minute and try again.",
                "Слишком много попыток с вашего адреса. Подождите минуту и повторите.",
                "Příliš mnoho pokusů z vaší adresy. Počkejte minutu a zkuste to znovu.",
            ],
            Self::Link => [
                "This link does not work any more: it leads in once, within ten minutes, on the machine where usertrail \
                 runs. Start usertrail again for a new one, or use a key.",
                "Эта ссылка больше не действует: она открывается один раз, в течение десяти минут, на машине, где запущен \
                 usertrail. Перезапустите usertrail, чтобы получить новую, или введите ключ.",
                "Tento odkaz už neplatí: funguje jednou, do deseti minut, na počítači, kde běží usertrail. Nový získáte \
                 novým spuštěním usertrailu, nebo použijte klíč.",
            ],
            Self::Provider => [
                "The identity provider did not sign you in. Try again; if it goes on, ask whoever runs usertrail.",
                "Поставщик удостоверений не выполнил вход. Повторите попытку; если не поможет, обратитесь к тому, кто \
                 обслуживает usertrail.",
                "Poskytovatel identit vás nepřihlásil. Zkuste to znovu; pokud to nepomůže, obraťte se na správce usertrailu.",
            ],
            Self::Begun => [
                "Signing in took more than ten minutes, or was begun in another browser. Try again.",
                "Вход занял больше десяти минут или был начат в другом браузере. Повторите попытку.",
                "Přihlášení trvalo déle než deset minut, nebo začalo v jiném prohlížeči. Zkuste to znovu.",
            ],
            Self::NoAccess => [
                "You are known to the identity provider, but have no access here. Ask an administrator of your company.",
                "Поставщик удостоверений вас знает, но доступа сюда у вас нет. Обратитесь к администратору вашей организации.",
                "Poskytovatel identit vás zná, ale sem nemáte přístup. Obraťte se na správce vaší organizace.",
            ],
            Self::Elsewhere => [
                "This was sent by another page. Sign in here.",
                "Это отправила другая страница. Войдите здесь.",
                "Toto odeslala jiná stránka. Přihlaste se zde.",
            ],
            Self::Address => [
                "The console can't be used at this address. Whoever runs usertrail has to set console.public_url to its \
                 https address; on the machine itself, use http://localhost.",
                "По этому адресу консоль недоступна. Тот, кто обслуживает usertrail, должен указать её адрес https в \
                 console.public_url; на самой машине используйте http://localhost.",
                "Na této adrese konzoli použít nelze. Správce usertrailu musí nastavit console.public_url na její adresu \
                 https; přímo na počítači použijte http://localhost.",
            ],
        }
    }
}

/// A text in one language.
pub(crate) fn in_lang(words: Words, lang: Lang) -> &'static str {
    match lang {
        Lang::En => words[0],
        Lang::Ru => words[1],
        Lang::Cs => words[2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C9: every text is in every language.
    #[test]
    fn the_page_speaks_three_languages() {
        let failures = Failed::ALL.map(|(failed, word)| {
            assert_eq!((Failed::of_word(word), failed.word()), (Some(failed), word));
            failed.said()
        });
        let all = [TITLE, WITH, OR, KEY, HINT, SIGN_IN, LANGUAGES].into_iter().chain(failures);
        for words in all {
            let cyrillic = words.map(|text| text.chars().any(|letter| ('а'..='я').contains(&letter)));
            assert_eq!(cyrillic, [false, true, false], "{words:?}");
            assert!(words[0] != words[2] && words.iter().all(|text| !text.contains("  ")), "{words:?}");
        }
        assert_eq!(Failed::of_word("nothing"), None);
    }
}
