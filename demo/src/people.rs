//! The demo's people.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::devices::{self, Device};
use crate::dice::Dice;
use crate::names;
use crate::places::{OFFICES, Place};

/// What a person does all day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Runs the account: settings, people, rights.
    Admin,
    /// Contacts, deals, calls.
    Sales,
    /// The contact centre: every channel, tickets, pauses.
    Support,
    /// Requests, orders, tasks.
    Service,
    /// Products and stock.
    Warehouse,
    /// Sales, accounts, payroll.
    Accounting,
}

/// Somebody who works for the demo's company.
#[derive(Debug, Clone)]
pub struct Person {
    /// The tenant's id of the user.
    pub id: String,
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// What the person does.
    pub role: Role,
    /// The office: also city, country and time zone.
    pub office: Place,
    /// False for somebody who has left, and only ever fails to sign in.
    pub active: bool,
    /// Browsers: the computer's first, perhaps a second one's and a phone's.
    pub devices: Vec<Device>,
    /// The home's address.
    pub home_ip: IpAddr,
    /// The office's address, which everybody there shares.
    pub office_ip: IpAddr,
    /// Start and end of the working day, in hours of local time.
    pub shift: (f64, f64),
    /// Whether the person works at weekends too.
    pub weekends: bool,
}

/// Hires `count` people: the first is an admin, and of ten or more the last has left the company.
#[must_use]
pub fn people(seed: u64, count: usize) -> Vec<Person> {
    let mut dice = Dice::new(seed ^ 0x7065_6f70_6c65);
    let office_ips: Vec<IpAddr> = OFFICES.iter().map(|(office, _)| office.office_ip(&mut dice)).collect();
    let choice: Vec<(usize, u32)> = OFFICES.iter().enumerate().map(|(index, (_, share))| (index, *share)).collect();
    let mut addresses = HashSet::new();
    (0..count)
        .map(|number| {
            let office_index = *dice.weighted(&choice);
            let office = OFFICES[office_index].0;
            let (name, address) = names::name(office.locale, &mut dice);
            let mut email = format!("{address}@acme.example");
            if !addresses.insert(email.clone()) {
                email = format!("{address}{number}@acme.example");
                addresses.insert(email.clone());
            }
            let role = role(number, &mut dice);
            Person {
                id: format!("u-{}", 1001 + number),
                name,
                email,
                role,
                office,
                active: count < 10 || number + 1 != count,
                devices: own_devices(role, &mut dice),
                home_ip: office.home_ip(&mut dice),
                office_ip: office_ips[office_index],
                shift: shift(role, &mut dice),
                weekends: role == Role::Support && dice.chance(0.5),
            }
        })
        .collect()
}

fn role(number: usize, dice: &mut Dice) -> Role {
    // The first of each, so that a company of six has everybody it needs.
    match number {
        0 => Role::Admin,
        1 => Role::Sales,
        2 => Role::Support,
        3 => Role::Service,
        4 => Role::Warehouse,
        5 => Role::Accounting,
        _ => *dice.weighted(&[
            (Role::Sales, 8),
            (Role::Support, 8),
            (Role::Service, 7),
            (Role::Warehouse, 3),
            (Role::Accounting, 2),
            (Role::Admin, 1),
        ]),
    }
}

fn own_devices(role: Role, dice: &mut Dice) -> Vec<Device> {
    let mut own = vec![devices::computer(dice)];
    if dice.chance(0.3) {
        own.push(devices::computer(dice));
    }
    if role != Role::Support && dice.chance(0.7) {
        own.push(devices::phone(dice));
    }
    own
}

fn shift(role: Role, dice: &mut Dice) -> (f64, f64) {
    // The contact centre works in two shifts, everybody else by the day.
    let start = if role == Role::Support { *dice.pick(&[6.0, 13.0]) } else { 7.5 + 2.0 * dice.unit() };
    (start, start + 8.5)
}
