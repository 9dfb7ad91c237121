//! A made-up team: who may play, and who turns up that the file does not list.

use grandstand_play::generate::chance::Chance;

/// Names as no schoolbook has them.
const NAMES: [&str; 14] = [
    "A O'Brien",
    "José Ángel Núñez",
    "Łukasz Żółć",
    "\"Bunny\" D'Souza",
    "R Ashwin",
    "Mohammad Nabi (1)",
    "van der Merwe, R",
    "M Å Østergård-Sjöberg",
    "王小明",
    "K.P. de la Cruz-Smith",
    "U\\N Known",
    "Sir Viv",
    "Wanniarachchige Pathum Nissanka Silva Dinesh Madushanka Perera de Alwis Gunawardene III",
    "E",
];

/// A team.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(crate) team: String,
    pub(crate) players: Vec<String>,
    /// Who plays, but stands in no list of the file.
    pub(crate) unlisted: Vec<String>,
}

impl Side {
    pub(crate) fn make(chance: &mut Chance, team: &str, letter: char) -> Self {
        let size = match chance.below(10) {
            0 => 8 + chance.below(3),
            1 => 12 + chance.below(4),
            _ => 11,
        };
        let players = (0..size).map(|number| name(chance, letter, number));
        Self {
            team: team.to_owned(),
            players: players.collect(),
            unlisted: Vec::new(),
        }
    }

    /// Somebody of whom the file's lists know nothing.
    pub(crate) fn stranger(&mut self, chance: &mut Chance) -> String {
        let number = 50 + self.unlisted.len() as u64;
        let letter = self.team.chars().next().unwrap_or('X');
        let stranger = format!("{} late", name(chance, letter, number));
        self.unlisted.push(stranger.clone());
        stranger
    }
}

fn name(chance: &mut Chance, letter: char, number: u64) -> String {
    if chance.below(4) == 0 {
        return format!("{} {letter}{number}", chance.one_of(&NAMES));
    }
    format!("{letter} Player {number}")
}

/// A number of hundred: whether it happened this time.
pub(crate) fn happens(chance: &mut Chance, percent: u64) -> bool {
    chance.below(100) < percent
}
