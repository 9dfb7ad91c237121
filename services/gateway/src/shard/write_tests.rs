//! Both ways of writing, held to the same promises over real sockets.

use std::io::Read;
use std::net::{TcpListener, TcpStream as StdStream};
use std::os::fd::AsRawFd;

use bytes::Bytes;
use mio::net::TcpStream;
use proptest::prelude::*;
use rustix::net::sockopt::{set_socket_linger, set_socket_send_buffer_size};

use super::ring::SENDS_MAX;
use super::write::{Writer, Wrote, write};
use crate::args::Writes;

/// Plain writes, and the ring where the kernel lets us.
fn writers() -> Vec<Writer> {
    let open = |writes| Writer::open(writes, 1);
    let opened = [open(Writes::Plain), open(Writes::Uring)];
    let writers: Vec<_> = opened.into_iter().flatten().flatten().collect();
    if writers.len() < 2 {
        eprintln!("io_uring is not to be had here: plain writes alone are tested");
    }
    writers
}

/// Our end, which holds few bytes, and the other.
fn pair() -> (TcpStream, StdStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    set_socket_send_buffer_size(&ours, 4096).unwrap();
    ours.set_nodelay(true).unwrap();
    ours.set_nonblocking(true).unwrap();
    (TcpStream::from_std(ours), other)
}

/// Bytes that tell whose they are, and which.
fn frame(whose: usize, length: usize) -> Bytes {
    (0..length)
        .map(|at| (at * 7 + at / 251 + whose * 31) as u8)
        .collect()
}

fn each<'a>(
    sockets: &'a [(TcpStream, StdStream)],
    frames: &'a [Bytes],
) -> Vec<(&'a TcpStream, &'a Bytes)> {
    sockets.iter().map(|(ours, _)| ours).zip(frames).collect()
}

/// Reads all of a frame, however little of it has gone out, while the rest is written.
fn finish((ours, other): &mut (TcpStream, StdStream), bytes: &Bytes, wrote: Wrote) -> Vec<u8> {
    let mut written = match wrote {
        Wrote::All => bytes.len(),
        Wrote::UpTo(written) => written,
        Wrote::Gone => panic!("it is there"),
    };
    other.set_nonblocking(true).unwrap();
    let (mut came, mut buffer) = (Vec::new(), [0; 5000]);
    while came.len() < bytes.len() {
        match other.read(&mut buffer) {
            Ok(count) => came.extend_from_slice(&buffer[..count]),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
        match write(ours, bytes, written) {
            Wrote::All => written = bytes.len(),
            Wrote::UpTo(now) => written = now,
            Wrote::Gone => panic!("it is there"),
        }
    }
    came
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn everybody_gets_its_own_bytes_however_few_the_socket_takes_at_once(
        lengths in prop::collection::vec(prop_oneof![1_usize..600, 1_usize..200_000], 1..12),
    ) {
        let frames: Vec<_> = lengths.iter().enumerate().map(|(i, length)| frame(i, *length)).collect();
        for mut writer in writers() {
            let mut sockets: Vec<_> = frames.iter().map(|_| pair()).collect();
            let wrote = writer.write_each(&each(&sockets, &frames));
            prop_assert_eq!(wrote.len(), frames.len());
            for ((socket, bytes), wrote) in sockets.iter_mut().zip(&frames).zip(wrote) {
                prop_assert_eq!(&finish(socket, bytes, wrote)[..], &bytes[..]);
            }
        }
    }
}

#[test]
fn a_socket_that_is_full_takes_nothing_and_the_next_one_its_frame() {
    for mut writer in writers() {
        let mut sockets = [pair(), pair()];
        let much = frame(0, 16 * 1024 * 1024);
        let wrote = writer.write_each(&each(&sockets[..1], std::slice::from_ref(&much)));
        let [Wrote::UpTo(taken)] = wrote[..] else {
            panic!("{wrote:?}")
        };
        assert!(taken > 0);

        let frames = [much.slice(taken..), frame(1, 500)];
        let wrote = writer.write_each(&each(&sockets, &frames));

        assert_eq!(wrote, [Wrote::UpTo(0), Wrote::All]);
        let came = finish(&mut sockets[0], &much, Wrote::UpTo(taken));
        assert_eq!(came, much);
    }
}

#[test]
fn who_is_gone_is_said_to_be_and_the_others_are_served() {
    for mut writer in writers() {
        let (reset, there, ended) = (pair(), pair(), pair());
        set_socket_linger(&reset.1, Some(std::time::Duration::ZERO)).unwrap();
        let (reset_ours, reset_other) = reset;
        drop(reset_other);
        ended.0.shutdown(std::net::Shutdown::Write).unwrap();
        let frames: [Bytes; 3] = std::array::from_fn(|whose| frame(whose, 400));
        let sockets = [&reset_ours, &there.0, &ended.0];
        let each: Vec<_> = sockets.into_iter().zip(&frames).collect();

        let wrote = writer.write_each(&each);

        assert_eq!(wrote, [Wrote::Gone, Wrote::All, Wrote::Gone]);
        let mut socket = there;
        assert_eq!(finish(&mut socket, &frames[1], Wrote::All), frames[1]);
    }
}

#[test]
fn a_descriptor_that_is_used_again_gets_nothing_of_who_had_it_before() {
    for mut writer in writers() {
        let before = [pair()];
        let number = before[0].0.as_raw_fd();
        let old = frame(1, 8 * 1024 * 1024);
        let wrote = writer.write_each(&each(&before, &[old]));
        assert!(matches!(wrote[..], [Wrote::UpTo(_)]));
        drop(before);
        // Others take descriptors meanwhile; one of these has it, or a test beside us does.
        let mut sockets: Vec<_> = (0..8).map(|_| pair()).collect();
        if sockets.iter().all(|(ours, _)| ours.as_raw_fd() != number) {
            eprintln!("descriptor {number} went to somebody else");
        }
        let frames: Vec<_> = (0..sockets.len()).map(|whose| frame(whose, 700)).collect();

        let wrote = writer.write_each(&each(&sockets, &frames));

        for ((socket, bytes), wrote) in sockets.iter_mut().zip(&frames).zip(wrote) {
            assert_eq!(wrote, Wrote::All);
            assert_eq!(finish(socket, bytes, wrote), *bytes);
        }
    }
}

#[test]
fn more_than_fit_in_one_call_are_all_served() {
    for mut writer in writers() {
        let mut sockets: Vec<_> = (0..32).map(|_| pair()).collect();
        let count = SENDS_MAX * 2 + 3;
        let frames: Vec<_> = (0..count).map(|number| frame(number, 5)).collect();
        let nobody: Vec<(&TcpStream, &Bytes)> = Vec::new();
        assert_eq!(writer.write_each(&nobody), []);
        let ours = sockets.iter().map(|(ours, _)| ours).cycle();
        let each: Vec<_> = ours.zip(&frames).collect();

        assert_eq!(writer.write_each(&each), vec![Wrote::All; count]);

        for (whose, socket) in sockets.iter_mut().enumerate() {
            let all: Vec<u8> = frames
                .iter()
                .skip(whose)
                .step_by(32)
                .flatten()
                .copied()
                .collect();
            assert_eq!(finish(socket, &all.clone().into(), Wrote::All), all);
        }
    }
}

#[cfg(target_os = "linux")]
mod forbidden {
    //! As containers forbid it: system calls that answer EPERM, on a thread that ends after it.

    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

    use super::*;

    fn forbid(call: i64) {
        let filter = SeccompFilter::new(
            [(call, Vec::new())].into(),
            SeccompAction::Allow,
            SeccompAction::Errno(libc::EPERM as u32),
            std::env::consts::ARCH.try_into().unwrap(),
        );
        let program: BpfProgram = filter.unwrap().try_into().unwrap();
        apply_filter(&program).unwrap();
    }

    fn on_a_thread(test: impl FnOnce() + Send + 'static) {
        std::thread::spawn(test).join().unwrap();
    }

    #[test]
    fn where_io_uring_is_forbidden_plain_writes_do() {
        for call in [libc::SYS_io_uring_setup, libc::SYS_io_uring_enter] {
            on_a_thread(move || {
                forbid(call);
                let writers = Writer::open(Writes::Auto, 2).unwrap();
                assert!(writers.iter().all(|writer| writer.word() == "plain"));
                assert_eq!(writers.len(), 2);
                assert!(Writer::open(Writes::Uring, 1).is_err());
            });
        }
    }

    #[test]
    fn a_ring_that_fails_is_given_up_and_nobody_misses_a_byte() {
        for mut writer in writers() {
            on_a_thread(move || {
                forbid(libc::SYS_io_uring_enter);
                let mut sockets = [pair(), pair()];
                for round in 0..3 {
                    let frames = [frame(round, 300), frame(round, 100_000)];
                    let wrote = writer.write_each(&each(&sockets, &frames));
                    for ((socket, bytes), wrote) in sockets.iter_mut().zip(&frames).zip(wrote) {
                        assert_eq!(finish(socket, bytes, wrote), *bytes);
                    }
                }
                assert_eq!(writer.word(), "plain");
            });
        }
    }
}
