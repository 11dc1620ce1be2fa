//! The page for signing in, made here and without a script: it works before the console does, and with any browser.

use schemas::catalogue::Lang;
use url::form_urlencoded::Serializer;

use super::words::{self, Failed, in_lang};

/// What the page shows.
pub(crate) struct SignIn<'a> {
    pub(crate) lang: Lang,
    /// Whether the language was chosen on the page, and is to stay.
    pub(crate) is_chosen: bool,
    /// Numbers and names of providers.
    pub(crate) providers: Vec<(usize, String)>,
    /// Where to go then; a path of this origin.
    pub(crate) next: &'a str,
    /// Why the last attempt failed.
    pub(crate) failed: Option<Failed>,
}

impl SignIn<'_> {
    /// The page as HTML.
    pub(crate) fn html(&self) -> String {
        let say = |words| in_lang(words, self.lang);
        let (lang, title) = (self.lang.as_str(), say(words::TITLE));
        let failed = self.failed.map_or_else(String::new, |failed| {
            format!("<p id=\"failed\" class=\"failed\" role=\"alert\">{}</p>\n", say(failed.said()))
        });
        let (described, invalid) = match self.failed {
            Some(Failed::Key | Failed::CannotRead) => ("failed hint", " aria-invalid=\"true\""),
            _ => ("hint", ""),
        };
        let chosen = if self.is_chosen {
            format!("<input type=\"hidden\" name=\"lang\" value=\"{lang}\">\n")
        } else {
            String::new()
        };
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
             <link rel=\"stylesheet\" href=\"/sign-in/style.css\">\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{failed}{providers}\
             <form method=\"post\" action=\"/session\">\n\
             <input type=\"hidden\" name=\"next\" value=\"{next}\">\n{chosen}\
             <input type=\"text\" name=\"username\" value=\"usertrail\" autocomplete=\"username\" hidden>\n\
             <label for=\"key\">{key}</label>\n\
             <input id=\"key\" name=\"key\" type=\"password\" autocomplete=\"current-password\" required maxlength=\"512\" \
             autocapitalize=\"none\" spellcheck=\"false\" aria-describedby=\"{described}\"{invalid}>\n\
             <p id=\"hint\" class=\"hint\">{hint}</p>\n<button type=\"submit\">{sign_in}</button>\n</form>\n{languages}\
             </main>\n</body>\n</html>\n",
            providers = self.providers(),
            next = escaped(self.next),
            key = say(words::KEY),
            hint = say(words::HINT),
            sign_in = say(words::SIGN_IN),
            languages = self.languages(),
        )
    }

    fn providers(&self) -> String {
        if self.providers.is_empty() {
            return String::new();
        }
        let with = in_lang(words::WITH, self.lang);
        let links = self.providers.iter().map(|(number, label)| {
            let query = Serializer::new(String::new()).append_pair("next", self.next).finish();
            format!("<a class=\"button\" href=\"/sign-in/oidc/{number}?{query}\">{with} {}</a>\n", escaped(label))
        });
        format!("{}<p class=\"or\">{}</p>\n", links.collect::<String>(), in_lang(words::OR, self.lang))
    }

    fn languages(&self) -> String {
        let links = Lang::ALL.map(|lang| {
            let name = in_lang(words::NAMES, lang);
            if lang == self.lang {
                return format!("<span lang=\"{0}\" aria-current=\"true\">{name}</span>\n", lang.as_str());
            }
            let query = address(self.failed, Some(lang), self.next);
            format!("<a href=\"{}\" lang=\"{1}\" hreflang=\"{1}\">{name}</a>\n", escaped(&query), lang.as_str())
        });
        format!("<nav aria-label=\"{}\">\n{}</nav>\n", in_lang(words::LANGUAGES, self.lang), links.concat())
    }
}

/// The address of the page that says what failed.
pub(crate) fn address(failed: Option<Failed>, lang: Option<Lang>, next: &str) -> String {
    let mut query = Serializer::new(String::new());
    if let Some(failed) = failed {
        query.append_pair("failed", failed.word());
    }
    if let Some(lang) = lang {
        query.append_pair("lang", lang.as_str());
    }
    if next != "/" {
        query.append_pair("next", next);
    }
    format!("/sign-in?{}", query.finish())
}

/// A text inside an element or an attribute in double quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(lang: Lang, failed: Option<Failed>) -> String {
        let providers = vec![(3, "Staff & <b>friends</b>".to_owned())];
        SignIn { lang, is_chosen: true, providers, next: "/events?a=1&b='\"<", failed }.html()
    }

    /// C2: what others have written is text on the page, and the way back stays.
    #[test]
    fn what_others_wrote_is_text() {
        let html = page(Lang::En, Some(Failed::Key));
        assert!(html.contains("Sign in with Staff &amp; &lt;b&gt;friends&lt;/b&gt;</a>"), "{html}");
        assert!(html.contains("value=\"/events?a=1&amp;b=&#39;&quot;&lt;\""), "{html}");
        assert!(html.contains("href=\"/sign-in/oidc/3?next=%2Fevents%3Fa%3D1%26b%3D%27%22%3C\""), "{html}");
        assert!(html.contains("href=\"/sign-in?failed=key&amp;lang=cs&amp;next=%2Fevents"), "{html}");
        assert!(!html.contains("<script") && !html.contains("style=") && !html.contains("<b>"));
    }

    /// C2, C9: managers of passwords know the field, whatever the language; what failed is said at it.
    #[test]
    fn the_field_is_for_managers_of_passwords() {
        for lang in Lang::ALL {
            let html = page(lang, Some(Failed::CannotRead));
            for part in [
                "type=\"password\"",
                "autocomplete=\"current-password\"",
                "autocomplete=\"username\"",
                "role=\"alert\"",
            ] {
                assert!(html.contains(part), "{part}: {html}");
            }
            assert!(html.contains(&format!("<html lang=\"{}\">", lang.as_str())));
            assert!(html.contains("aria-describedby=\"failed hint\" aria-invalid=\"true\""));
            assert!(
                html.contains(in_lang(Failed::CannotRead.said(), lang)) && html.contains(in_lang(words::KEY, lang))
            );
        }
        assert!(!page(Lang::En, None).contains("role=\"alert\""));
    }
}
