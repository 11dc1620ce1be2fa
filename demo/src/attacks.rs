//! The occasional attacker, and the one who has left but tries the door.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::devices::{self, Device};
use crate::generator::Generator;
use crate::places;

impl Generator {
    /// One attack: guesses at one person's password, one password at many doors, or an account taken over.
    pub(crate) fn attack(&mut self) {
        match *self.dice.weighted(&[(0, 4), (1, 3), (2, 3), (3, 3)]) {
            0 => self.guess_passwords(),
            1 => self.spray_passwords(),
            2 => self.take_over(),
            _ => self.try_the_door(),
        }
    }

    fn guess_passwords(&mut self) {
        let Some(victim) = self.somebody() else { return };
        let (ip, device) = (places::tor_ip(&mut self.dice), devices::tool(&mut self.dice));
        for _ in 0..self.dice.range(8, 20) {
            self.fail(victim, ip, &device, "wrong_password");
        }
    }

    fn spray_passwords(&mut self) {
        let (ip, device) = (places::data_centre_ip(&mut self.dice), devices::tool(&mut self.dice));
        for victim in 0..self.members.len().min(25) {
            self.fail(victim, ip, &device, "wrong_password");
        }
    }

    /// A few guesses, then in, from a new device and country; off with the contacts.
    fn take_over(&mut self) {
        let Some(victim) = self.somebody() else { return };
        let (ip, device) = (places::data_centre_ip(&mut self.dice), devices::computer(&mut self.dice));
        for _ in 0..self.dice.range(2, 6) {
            self.fail(victim, ip, &device, "wrong_password");
        }
        let session = format!("s-{}", self.dice.hex(12));
        let records = self.dice.range(8_000, 40_000);
        for (event_type, records) in [
            ("user.signed_in", None),
            ("contacts.exported", Some(records)),
            ("clients.exported", Some(records / 2)),
            ("user.signed_out", None),
        ] {
            let mut fields = self.foreign(victim, event_type, ip, &device, Some(&session));
            if let Some(records) = records {
                fields.insert("records".to_owned(), json!(records));
                fields.insert("payload".to_owned(), json!({ "format": "csv" }));
            }
            self.queue.push_back(fields);
        }
    }

    /// Somebody who has left the company, or else anybody with a blocked account, tries to sign in.
    fn try_the_door(&mut self) {
        let gone = self.members.iter().position(|member| !member.person.active);
        let Some(index) = gone.or_else(|| self.somebody()) else { return };
        let person = &self.members[index].person;
        let (ip, device) = (person.home_ip, person.devices.first().cloned());
        if let Some(device) = device {
            self.fail(index, ip, &device, "deactivated");
        }
    }

    fn fail(&mut self, victim: usize, ip: IpAddr, device: &Device, reason: &str) {
        let mut fields = self.foreign(victim, "user.sign_in_failed", ip, device, None);
        fields.insert("outcome".to_owned(), json!("failure"));
        fields.insert("reason".to_owned(), json!(reason));
        self.queue.push_back(fields);
    }

    /// An event under a person's name, but not from the person's session.
    fn foreign(
        &mut self,
        victim: usize,
        event_type: &str,
        ip: IpAddr,
        device: &Device,
        session: Option<&str>,
    ) -> Map<String, Value> {
        let mut context = Map::new();
        context.insert("ip".to_owned(), json!(ip.to_string()));
        if let Some(session) = session {
            context.insert("session_id".to_owned(), json!(session));
        }
        device.describe(&mut context);
        let mut fields = Map::new();
        fields.insert("type".to_owned(), json!(event_type));
        fields.insert("actor".to_owned(), self.members[victim].actor());
        fields.insert("context".to_owned(), Value::Object(context));
        fields
    }
}
