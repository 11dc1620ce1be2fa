//! What can't be restored, and why, in the caller's language.

use axum::http::StatusCode;
use runtime::problem::Problem;
use schemas::catalogue::{CatalogueEntry, Lang};

use crate::log::rows::EventRow;

/// Why an object is not restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// The event is no deletion.
    NoDeletion,
    /// The deletion failed, or was only asked for.
    NotDeleted,
    /// The event does not name what was deleted.
    NoObject,
    /// The catalogue does not know the type, so nobody said that it may be restored.
    UnknownType,
    /// The catalogue says that it may not.
    NotRestorable(&'a CatalogueEntry),
    /// The tenant has no endpoint for restores.
    NoEndpoint,
    /// The object was created or restored after this deletion.
    LivesAgain,
}

impl<'a> Refusal<'a> {
    /// Whether an event is of a kind that can be restored.
    ///
    /// # Errors
    /// Why not.
    pub fn check(event: &EventRow, entry: Option<&'a CatalogueEntry>) -> Result<(), Self> {
        if event.class != "delete" {
            return Err(Self::NoDeletion);
        }
        if !event.has_succeeded() {
            return Err(Self::NotDeleted);
        }
        match entry {
            None => Err(Self::UnknownType),
            Some(entry) if !entry.restorable => Err(Self::NotRestorable(entry)),
            Some(_) if event.object_type.is_empty() || event.object_id.is_empty() => Err(Self::NoObject),
            Some(_) => Ok(()),
        }
    }

    /// 409 that says why.
    pub fn problem(self, lang: Lang) -> Problem {
        Problem::new(StatusCode::CONFLICT, self.code(), self.reason(lang).to_owned()).spoken(lang)
    }

    fn code(self) -> &'static str {
        match self {
            Self::NoEndpoint => "no_restore_endpoint",
            Self::LivesAgain => "not_deleted_any_more",
            Self::NoDeletion | Self::NotDeleted | Self::NoObject | Self::UnknownType | Self::NotRestorable(_) => {
                "not_restorable"
            }
        }
    }

    /// Why not, in words.
    #[must_use]
    pub fn reason(self, lang: Lang) -> &'a str {
        let [en, ru, cs] = match self {
            Self::NotRestorable(CatalogueEntry { not_restorable_reason: Some(reason), .. }) => return reason.get(lang),
            Self::NotRestorable(_) => [
                "Objects of this type cannot be restored from the log.",
                "Объекты этого типа нельзя восстановить из журнала.",
                "Objekty tohoto typu nelze ze záznamu obnovit.",
            ],
            Self::NoDeletion => [
                "Only what was deleted can be restored, and this event is not a deletion.",
                "Восстановить можно только удалённое, а это событие — не удаление.",
                "Obnovit lze jen to, co bylo smazáno, a tato událost smazáním není.",
            ],
            Self::NotDeleted => [
                "The object was not deleted: this deletion failed, or it is not known whether it was done.",
                "Объект не удалён: удаление не удалось, или его исход неизвестен.",
                "Objekt nebyl smazán: smazání se nezdařilo, nebo není známo, jak dopadlo.",
            ],
            Self::NoObject => [
                "The event does not say which object was deleted.",
                "В событии не указано, какой объект был удалён.",
                "Událost neuvádí, který objekt byl smazán.",
            ],
            Self::UnknownType => [
                "The catalogue does not know this type of event: declare it as restorable first.",
                "Каталог не знает этого типа событий: сначала объявите его восстанавливаемым.",
                "Katalog tento typ události nezná: nejprve jej označte jako obnovitelný.",
            ],
            Self::NoEndpoint => [
                "There is no endpoint for restores: set one with PUT /v1/settings/restore-endpoint.",
                "Адрес для восстановления не задан: задайте его запросом PUT /v1/settings/restore-endpoint.",
                "Adresa pro obnovení není nastavena: nastavte ji požadavkem PUT /v1/settings/restore-endpoint.",
            ],
            Self::LivesAgain => [
                "The object was created or restored again after this deletion.",
                "После этого удаления объект был снова создан или восстановлен.",
                "Objekt byl po tomto smazání znovu vytvořen nebo obnoven.",
            ],
        };
        match lang {
            Lang::En => en,
            Lang::Ru => ru,
            Lang::Cs => cs,
        }
    }
}
