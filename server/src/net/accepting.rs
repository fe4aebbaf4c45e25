//! What it means that a connection could not be accepted.
//!
//! Linux hands errors of the network on through `accept`. Those concern one connection that will never be, and the next
//! may be fine. Anything else, mostly a want of files, concerns all of them: to try again at once would fail again, and to
//! log each time would fill the disk.

use std::io;

use rustix::io::Errno;

/// Whether connections can be accepted, as far as is known.
#[derive(Default)]
pub(super) struct Accepting {
    failing: bool,
}

/// What to do after a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Accept the next connection.
    GoOn,
    /// Wait a little.
    Wait,
}

impl Accepting {
    /// After an accept that failed. Warns once, until one succeeds.
    pub(super) fn failed(&mut self, error: &io::Error) -> Next {
        if is_of_one_connection(error) {
            tracing::debug!(%error, "a connection was lost before it was accepted");
            return Next::GoOn;
        }
        if !self.failing {
            tracing::warn!(%error, "cannot accept connections");
            self.failing = true;
        }
        Next::Wait
    }

    /// After one that did not.
    pub(super) fn succeeded(&mut self) {
        if self.failing {
            tracing::info!("connections are accepted again");
            self.failing = false;
        }
    }
}

/// The list of accept(2), and a firewall that says no.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(
            Errno::CONNABORTED
                | Errno::CONNRESET
                | Errno::CONNREFUSED
                | Errno::HOSTDOWN
                | Errno::HOSTUNREACH
                | Errno::INTR
                | Errno::NETDOWN
                | Errno::NETUNREACH
                | Errno::NONET
                | Errno::NOPROTOOPT
                | Errno::OPNOTSUPP
                | Errno::PERM
                | Errno::PROTO
                | Errno::TIMEDOUT
        )
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;

    /// Counts warnings.
    struct Warnings(Arc<AtomicUsize>);

    impl Subscriber for Warnings {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::WARN
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, _: &Event<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    fn error(errno: Errno) -> io::Error {
        io::Error::from_raw_os_error(errno.raw_os_error())
    }

    #[test]
    fn an_error_of_one_connection_holds_up_no_other() {
        for errno in [Errno::CONNABORTED, Errno::CONNRESET, Errno::PROTO, Errno::PERM] {
            assert_eq!(Accepting::default().failed(&error(errno)), Next::GoOn, "{errno}");
        }
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::BADF] {
            assert_eq!(Accepting::default().failed(&error(errno)), Next::Wait, "{errno}");
        }
    }

    #[test]
    fn there_is_one_warning_for_as_long_as_accepting_fails() {
        let warnings = Arc::new(AtomicUsize::new(0));
        tracing::subscriber::with_default(Warnings(Arc::clone(&warnings)), || {
            let mut accepting = Accepting::default();
            let fail = |accepting: &mut Accepting, errno| {
                accepting.failed(&error(errno));
                warnings.load(Ordering::Relaxed)
            };
            assert_eq!(fail(&mut accepting, Errno::CONNABORTED), 0);
            assert_eq!(fail(&mut accepting, Errno::MFILE), 1);
            assert_eq!(fail(&mut accepting, Errno::MFILE), 1);
            accepting.succeeded();
            assert_eq!(fail(&mut accepting, Errno::NFILE), 2);
        });
    }
}
