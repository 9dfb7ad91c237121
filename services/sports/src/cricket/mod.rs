//! Cricket of every format: `facts` is what a scorer may enter, `check` whether it may be so,
//! `book` what it comes to, `propose` what it expects next, `render` how a fan's state shows it.

mod book;
mod check;
mod delivery;
mod delivery_data;
mod facts;
mod follow;
mod league;
mod propose;
mod render;
mod setup;
mod tags;
mod words;

pub(crate) use book::{Book, Squads};
pub(crate) use check::{check, check_rights, check_rights_of};
pub(crate) use delivery::{Delivery, Drawn, Extras, Replacement, Review, Wicket};
pub(crate) use facts::Fact;
pub(crate) use follow::followed;
pub(crate) use propose::proposals;
pub(crate) use setup::Setup;
pub(crate) use tags::tags;
pub(crate) use words::PlayerId;
