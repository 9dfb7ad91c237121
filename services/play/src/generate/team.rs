//! A team of eleven: who they are, and what each of them can do.

use crate::create::short;
use crate::generate::chance::Chance;
use crate::generate::names::{CLUBS, FAMILY, GIVEN, WHOLE};

/// A team.
#[derive(Debug)]
pub(crate) struct Team {
    pub(crate) name: &'static str,
    /// In batting order.
    pub(crate) players: Vec<Player>,
    /// Index of who stands behind the stumps.
    pub(crate) keeper: usize,
    /// Who fields for others.
    pub(crate) twelfth: String,
}

/// A player.
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) name: String,
    /// 100 is a batter as usual.
    pub(crate) batting_percent: u64,
    pub(crate) bowls: Option<Bowls>,
}

/// How somebody bowls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bowls {
    pub(crate) style: Style,
    /// Called upon before others.
    pub(crate) is_regular: bool,
}

/// What somebody bowls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Fast.
    Pace,
    /// Slow.
    Spin,
}

/// What the batters of each place in the order are worth.
const BATTING_PERCENT: [u64; 11] = [104, 106, 108, 104, 101, 97, 90, 76, 62, 50, 42];
/// The first place whose player bowls for a living.
const REGULARS_FROM: usize = 6;
/// The first place whose player bowls now and then, unless he keeps wicket.
const BOWLERS_FROM: usize = 3;
/// The first place of those who open the bowling.
const OPENERS_FROM: usize = 9;
/// How many of a thousand have a name in a script of its own.
const WHOLE_PERMILLE: u64 = 80;

/// Two teams; nobody has the name of another.
pub(crate) fn two(chance: &mut Chance) -> [Team; 2] {
    let mut clubs = CLUBS.to_vec();
    let mut people = People {
        given: GIVEN.to_vec(),
        families: FAMILY.to_vec(),
        wholes: WHOLE.to_vec(),
    };
    [(); 2].map(|()| {
        let name = chance.take(&mut clubs).unwrap_or(CLUBS[0]);
        // Two of one short name are told apart only in full, and that is too long for a list; two
        // in other scripts are more than most who watch can read.
        clubs.retain(|other| short(other) != short(name) && (is_latin(other) || is_latin(name)));
        team(chance, name, &mut people)
    })
}

fn is_latin(name: &str) -> bool {
    // Where the last of Europe's Latin letters is.
    name.starts_with(|first| first <= '\u{24F}')
}

fn team(chance: &mut Chance, name: &'static str, people: &mut People) -> Team {
    let keeper = 1 + chance.index(5);
    let players = BATTING_PERCENT.iter().enumerate();
    let players = players.map(|(place, percent)| Player {
        name: people.name(chance),
        batting_percent: percent + chance.below(13) - 6,
        bowls: bowls(chance, place, keeper),
    });
    Team {
        name,
        players: players.collect(),
        keeper,
        twelfth: people.name(chance),
    }
}

fn bowls(chance: &mut Chance, place: usize, keeper: usize) -> Option<Bowls> {
    let style = match place >= OPENERS_FROM || chance.happens(500) {
        true => Style::Pace,
        false => Style::Spin,
    };
    (place >= BOWLERS_FROM && place != keeper).then_some(Bowls {
        style,
        is_regular: place >= REGULARS_FROM,
    })
}

/// Names that nobody has yet.
struct People {
    given: Vec<&'static str>,
    families: Vec<&'static str>,
    wholes: Vec<&'static str>,
}

impl People {
    fn name(&mut self, chance: &mut Chance) -> String {
        if chance.happens(WHOLE_PERMILLE)
            && let Some(whole) = chance.take(&mut self.wholes)
        {
            return whole.to_owned();
        }
        let [given, family] =
            [&mut self.given, &mut self.families].map(|names| chance.take(names).unwrap_or("Nemo"));
        format!("{given} {family}")
    }
}
