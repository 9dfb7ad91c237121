//! What goes out to one fan by one write: its answers, and the first frame that follows them. Who has
//! just come gets its welcome and its snapshot together, which saves both ends a turn.

use bytes::{Bytes, BytesMut};
use grandstand_core::subscription::News;

use super::write::Outgoing;

/// No more is added to so many bytes.
const BYTES_MAX: usize = 16 * 1024;

/// Frames that go out together.
#[derive(Default)]
pub(super) struct Parcel {
    first: Bytes,
    /// All of them, once there are several: those that many share are copied then.
    all: BytesMut,
    news: Option<News>,
}

impl Parcel {
    pub(super) fn add(&mut self, bytes: Bytes, news: Option<News>) {
        self.news = news;
        if self.first.is_empty() {
            self.first = bytes;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&bytes);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Whether it goes as it is. A frame of a match is the last: it is counted once it is out.
    pub(super) fn goes(&self) -> bool {
        self.news.is_some() || self.first.len().max(self.all.len()) >= BYTES_MAX
    }

    /// What is to be written to the fan at `index`, if anything; `is_last` if nothing follows it.
    pub(super) fn seal(self, index: u32, is_last: bool) -> Option<Outgoing> {
        let bytes = match self.all.is_empty() {
            true => self.first,
            false => self.all.freeze(),
        };
        let news = self.news;
        (!bytes.is_empty()).then_some(Outgoing {
            index,
            bytes,
            news,
            is_last,
        })
    }
}

#[cfg(test)]
mod tests {
    use grandstand_core::policy::PolicyName;

    use super::*;

    const NEWS: News = News {
        policy: PolicyName::Realtime,
        events: 1,
        accepted_us: None,
        is_all: true,
    };

    #[test]
    fn what_goes_alone_is_shared_and_what_goes_together_is_in_order() {
        let frame = Bytes::from(vec![7; 100]);
        let mut parcel = Parcel::default();
        assert!(parcel.is_empty() && !parcel.goes());
        parcel.add(frame.clone(), Some(NEWS));
        assert!(parcel.goes());
        let out = parcel.seal(3, false).unwrap();
        assert_eq!((out.index, out.news), (3, Some(NEWS)));
        assert_eq!(out.bytes.as_ptr(), frame.as_ptr(), "not copied");

        let mut parcel = Parcel::default();
        parcel.add(Bytes::from_static(b"welcome"), None);
        parcel.add(Bytes::from_static(b", status"), None);
        assert!(!parcel.goes());
        parcel.add(Bytes::from_static(b", snapshot"), Some(NEWS));
        assert_eq!(
            parcel.seal(0, false).unwrap().bytes,
            "welcome, status, snapshot"
        );
        assert!(Parcel::default().seal(0, false).is_none());
    }

    #[test]
    fn a_long_one_goes_before_it_is_longer() {
        let mut parcel = Parcel::default();
        parcel.add(Bytes::from(vec![0; BYTES_MAX]), None);
        assert!(parcel.goes());
    }
}
