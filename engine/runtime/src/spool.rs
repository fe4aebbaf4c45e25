//! Files on their way in: from a request's form to an action that keeps them.
//!
//! They lie in one folder, called after their flow, and go when the flow is done: whoever wants a file keeps it meanwhile.
//! A flow that is taken up after a crash finds its files where it left them; what no such flow needs is cleared away at the
//! start. Removing is done on the spot, as it takes no longer than the commit that came before it.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use concord::{Blob, Blobs, Id};

use crate::flow::FlowId;

/// The folder in which files wait; none: there is no room for any.
#[derive(Default)]
pub(crate) struct Spool(pub(crate) Option<PathBuf>);

impl Spool {
    /// Room for the files of a flow.
    pub(crate) fn upload(&self, flow: FlowId) -> Upload {
        let blobs = self.0.as_ref().map(|folder| Arc::new(Blobs::new(folder, flow.to_string())));
        Upload { folder: self.0.clone(), blobs, count: 0 }
    }

    /// What is left of the files of a flow that is taken up.
    pub(crate) fn left(&self, flow: FlowId) -> Option<Upload> {
        let mut upload = self.upload(flow);
        let blobs = upload.blobs.as_ref()?;
        upload.count = (0..u32::MAX).take_while(|number| blobs.path(*number).exists()).last()? + 1;
        Some(upload)
    }

    /// Removes the files of flows that are over: at the start, when all that were open have been taken up.
    pub(crate) fn clear(&self) {
        let Some(entries) = self.0.as_ref().and_then(|folder| fs::read_dir(folder).ok()) else { return };
        for entry in entries.flatten().filter(|entry| is_ours(&entry.file_name().to_string_lossy())) {
            if let Err(error) = fs::remove_file(entry.path()) {
                tracing::warn!(%error, path = %entry.path().display(), "a file that nobody needs stays");
            }
        }
    }
}

/// Whether a file is called as [`Blobs`] calls them.
fn is_ours(name: &str) -> bool {
    name.split_once('-').is_some_and(|(flow, number)| {
        flow.parse::<FlowId>().is_ok() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The files of one flow. They go when this does.
#[derive(Debug)]
pub struct Upload {
    folder: Option<PathBuf>,
    blobs: Option<Arc<Blobs>>,
    count: u32,
}

impl Upload {
    /// A new file, and the id by which actions will find it.
    pub fn file(&mut self) -> io::Result<(Id<Blob>, File)> {
        let (Some(folder), Some(blobs)) = (&self.folder, &self.blobs) else {
            return Err(io::Error::other("the app has no folder for files"));
        };
        if self.count == 0 {
            fs::create_dir_all(folder)?;
        }
        let number = self.count;
        let file = File::create_new(blobs.path(number))?;
        self.count += 1;
        Ok((blobs.id(number), file))
    }

    /// What actions find them by.
    pub(crate) fn blobs(&self) -> Option<Arc<Blobs>> {
        self.blobs.clone().filter(|_| self.count > 0)
    }

    /// Lets the files lie for whoever takes the flow up.
    pub(crate) fn leave(&mut self) {
        self.count = 0;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(blobs) = &self.blobs else { return };
        for number in 0..self.count {
            if let Err(error) = fs::remove_file(blobs.path(number)) {
                tracing::warn!(%error, file = %blobs.id(number), "a file that nobody needs stays");
            }
        }
    }
}
