//! Names of people, with their spelling in e-mail addresses.

use crate::dice::Dice;

/// Where a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locale {
    Czech,
    Russian,
    English,
    German,
    Portuguese,
}

/// A name as people write it, and as addresses do.
type Name = (&'static str, &'static str);

struct Names {
    men: &'static [Name],
    women: &'static [Name],
    /// Surnames of men and of women.
    surnames: &'static [(Name, Name)],
}

/// A name as shown (`Eva Nováková`) and as in an address (`eva.novakova`).
pub(crate) fn name(locale: Locale, dice: &mut Dice) -> (String, String) {
    let names = match locale {
        Locale::Czech => &CZECH,
        Locale::Russian => &RUSSIAN,
        Locale::English => &ENGLISH,
        Locale::German => &GERMAN,
        Locale::Portuguese => &PORTUGUESE,
    };
    let surnames = *dice.pick(names.surnames);
    let (first, last) =
        if dice.chance(0.5) { (*dice.pick(names.men), surnames.0) } else { (*dice.pick(names.women), surnames.1) };
    (format!("{} {}", first.0, last.0), format!("{}.{}", first.1, last.1))
}

const fn same(name: Name) -> (Name, Name) {
    (name, name)
}

const CZECH: Names = Names {
    men: &[
        ("Jan", "jan"),
        ("Petr", "petr"),
        ("Tomáš", "tomas"),
        ("Jakub", "jakub"),
        ("Ondřej", "ondrej"),
        ("Marek", "marek"),
    ],
    women: &[
        ("Eva", "eva"),
        ("Jana", "jana"),
        ("Lucie", "lucie"),
        ("Tereza", "tereza"),
        ("Hana", "hana"),
        ("Markéta", "marketa"),
    ],
    surnames: &[
        (("Novák", "novak"), ("Nováková", "novakova")),
        (("Dvořák", "dvorak"), ("Dvořáková", "dvorakova")),
        (("Svoboda", "svoboda"), ("Svobodová", "svobodova")),
        (("Černý", "cerny"), ("Černá", "cerna")),
        (("Procházka", "prochazka"), ("Procházková", "prochazkova")),
        (("Kučera", "kucera"), ("Kučerová", "kucerova")),
        (("Veselý", "vesely"), ("Veselá", "vesela")),
        (("Říha", "riha"), ("Říhová", "rihova")),
    ],
};

const RUSSIAN: Names = Names {
    men: &[("Иван", "ivan"), ("Дмитрий", "dmitry"), ("Алексей", "alexey"), ("Сергей", "sergey"), ("Тимур", "timur")],
    women: &[
        ("Анна", "anna"),
        ("Ольга", "olga"),
        ("Екатерина", "ekaterina"),
        ("Наталья", "natalia"),
        ("Алия", "aliya"),
    ],
    surnames: &[
        (("Иванов", "ivanov"), ("Иванова", "ivanova")),
        (("Соколов", "sokolov"), ("Соколова", "sokolova")),
        (("Кузнецов", "kuznetsov"), ("Кузнецова", "kuznetsova")),
        (("Попов", "popov"), ("Попова", "popova")),
        (("Морозов", "morozov"), ("Морозова", "morozova")),
        (("Ахметов", "akhmetov"), ("Ахметова", "akhmetova")),
        (("Щербаков", "shcherbakov"), ("Щербакова", "shcherbakova")),
    ],
};

const ENGLISH: Names = Names {
    men: &[
        ("James", "james"),
        ("Oliver", "oliver"),
        ("Liam", "liam"),
        ("Wei", "wei"),
        ("Marcus", "marcus"),
        ("Seán", "sean"),
    ],
    women: &[
        ("Emma", "emma"),
        ("Olivia", "olivia"),
        ("Grace", "grace"),
        ("Mei Ling", "meiling"),
        ("Zoë", "zoe"),
        ("Aroha", "aroha"),
    ],
    surnames: &[
        same(("Smith", "smith")),
        same(("O'Brien", "obrien")),
        same(("Taylor", "taylor")),
        same(("Tan", "tan")),
        same(("Johnson", "johnson")),
        same(("Patel", "patel")),
        same(("Walker", "walker")),
        same(("Ngata", "ngata")),
    ],
};

const GERMAN: Names = Names {
    men: &[("Lukas", "lukas"), ("Jonas", "jonas"), ("Jürgen", "juergen"), ("Emre", "emre")],
    women: &[("Anna", "anna"), ("Käthe", "kaethe"), ("Lena", "lena"), ("Sophie", "sophie")],
    surnames: &[
        same(("Müller", "mueller")),
        same(("Schmidt", "schmidt")),
        same(("Weiß", "weiss")),
        same(("Yılmaz", "yilmaz")),
        same(("von der Heide", "vonderheide")),
    ],
};

const PORTUGUESE: Names = Names {
    men: &[("João", "joao"), ("Mateus", "mateus"), ("Luís", "luis"), ("Rafael", "rafael")],
    women: &[("Maria", "maria"), ("Ana", "ana"), ("Beatriz", "beatriz"), ("Letícia", "leticia")],
    surnames: &[
        same(("Silva", "silva")),
        same(("Gonçalves", "goncalves")),
        same(("Araújo", "araujo")),
        same(("dos Santos", "dossantos")),
        same(("Magalhães", "magalhaes")),
    ],
};
