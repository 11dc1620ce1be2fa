//! The console's side of the API: sessions in place of credentials (C2), and what browsers are shown (C1).

mod browser;
mod entering;
mod guarded;
mod once;
mod pages;
mod people;
mod recorded;
mod sessions;
