//! Forms: `multipart/form-data`, read part by part as it comes in.
//!
//! A text is kept in memory and counts against the limit of a body; a file goes to the disk piece by piece, if the route
//! wants one of its name, and is thrown away as it comes if not. So memory is bounded by a body and a few pieces, whatever
//! is sent. The parser is multer; it has no bound on the head of a part, so [`Pieces`] has one.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use concord::{Blob, Id};
use concord_runtime::{Admission, Form, FormFile};
use futures_util::Stream;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Body;
use hyper::header::CONTENT_TYPE;
use multer::{Field, Multipart};
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::time::timeout;

use super::body::{BodyFault, Cause};
use super::site::{RequestLimits, Site};

/// Parts at most.
const PARTS: usize = 128;
/// Bytes of a part's head at most, give or take a piece.
const HEAD: usize = 8 << 10;
/// Bytes of a field's name, and of a file's, at most.
const NAME: usize = 255;
/// Bytes of a boundary at most, as RFC 2046 has it.
const BOUNDARY: usize = 70;
/// Bytes behind the last part that are read and thrown away, so that the connection can go on.
const REST: usize = 8 << 10;
/// Bytes of a file that are written at once.
const CHUNK: usize = 128 << 10;

/// Why there is no form, or no body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormFault {
    #[error(transparent)]
    Body(#[from] BodyFault),
    #[error("the files are larger than {0} bytes")]
    FilesTooLarge(usize),
    #[error("the form is malformed: {0}")]
    Malformed(String),
    #[error("too many files are being sent; try again")]
    Crowded,
    #[error("a file could not be stored")]
    NotStored(#[source] std::io::Error),
}

fn malformed(what: impl Into<String>) -> FormFault {
    FormFault::Malformed(what.into())
}

/// The boundary of a form; none if the body is none.
pub(crate) fn boundary(headers: &HeaderMap) -> Option<Result<String, FormFault>> {
    let said = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = said.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = multer::parse_boundary(said).ok().filter(|text| (1..=BOUNDARY).contains(&text.len()));
    Some(boundary.ok_or_else(|| malformed("its content-type names no boundary")))
}

/// Reads the form of a request that has been let in.
pub(crate) async fn read<B: Body<Data = Bytes, Error: Into<Cause>> + Send>(
    site: &Site,
    admission: &Admission,
    body: B,
    boundary: String,
) -> Result<Form, FormFault> {
    let limits = &site.limits;
    let takes_files = site.app.takes_files(admission);
    let (most, patience) = if takes_files {
        (limits.body_bytes.saturating_add(limits.file_bytes), limits.file_patience)
    } else {
        (limits.body_bytes, limits.body_patience)
    };
    if body.size_hint().lower() > most as u64 {
        let files = || FormFault::FilesTooLarge(limits.file_bytes);
        return Err(if takes_files { files() } else { BodyFault::TooLarge(most).into() });
    }
    let _place = match takes_files.then(|| site.uploads.enter()) {
        Some(None) => return Err(FormFault::Crowded),
        Some(place @ Some(_)) => place,
        None => None,
    };
    let upload = site.app.upload(admission);
    let form = Form { texts: Vec::new(), files: Vec::new(), upload };
    let reading = Reading { site, admission, limits, form, text_bytes: 0, file_bytes: 0 };
    timeout(patience, reading.run(body, boundary)).await.unwrap_or(Err(BodyFault::Late.into()))
}

/// A form that is being read.
struct Reading<'a> {
    site: &'a Site,
    admission: &'a Admission,
    limits: &'a RequestLimits,
    form: Form,
    /// Bytes of texts so far, and of what nobody wants.
    text_bytes: usize,
    /// Bytes of files so far.
    file_bytes: usize,
}

impl Reading<'_> {
    async fn run<B: Body<Data = Bytes, Error: Into<Cause>> + Send>(
        mut self,
        body: B,
        boundary: String,
    ) -> Result<Form, FormFault> {
        let mut body = pin!(body);
        let meter = Meter::default();
        let pieces = Pieces { body: body.as_mut(), meter: meter.clone(), rests: false };
        let mut form = Multipart::new(pieces, boundary);
        for part in 0.. {
            meter.head();
            let next = timeout(self.limits.body_patience, form.next_field()).await;
            let Some(field) = next.map_err(|_| BodyFault::Late)?.map_err(fault)? else { break };
            meter.content();
            if part == PARTS {
                return Err(malformed(format!("it has more than {PARTS} parts")));
            }
            self.part(field).await?;
        }
        drop(form);
        let mut rest = 0;
        while let Some(Ok(frame)) = body.frame().await {
            rest += frame.data_ref().map_or(0, Bytes::len);
            if rest > REST {
                return Err(malformed("there is more behind its last part"));
            }
        }
        Ok(self.form)
    }

    async fn part(&mut self, field: Field<'_>) -> Result<(), FormFault> {
        let name = field.name().ok_or_else(|| malformed("a part has no name"))?.to_owned();
        let file = field.file_name().map(without_folders);
        if name.len() > NAME || file.as_ref().is_some_and(|file| file.len() > NAME) {
            return Err(malformed(format!("a name is longer than {NAME} bytes")));
        }
        match file {
            None => {
                let text = self.text(field, &name).await?;
                self.form.texts.push((name, text));
            }
            // A browser sends an empty part where nothing was chosen.
            Some(file) if !file.is_empty() && self.site.app.takes_file(self.admission, &name) => {
                let kind = match field.content_type() {
                    Some(kind) => kind.essence_str().to_owned(),
                    None => "application/octet-stream".to_owned(),
                };
                let (blob, size) = self.file(field).await?;
                self.form.files.push(FormFile { field: name, name: file, kind, size, blob });
            }
            Some(_) => self.pass(field).await?,
        }
        Ok(())
    }

    async fn text(&mut self, mut field: Field<'_>, name: &str) -> Result<String, FormFault> {
        let mut text = Vec::new();
        while let Some(piece) = self.piece(&mut field).await? {
            self.count(piece.len())?;
            text.extend_from_slice(&piece);
        }
        String::from_utf8(text).map_err(|_| malformed(format!("the field `{name}` is no text in UTF-8")))
    }

    /// What nobody wants is read and thrown away.
    async fn pass(&mut self, mut field: Field<'_>) -> Result<(), FormFault> {
        while let Some(piece) = self.piece(&mut field).await? {
            self.count(piece.len())?;
        }
        Ok(())
    }

    async fn file(&mut self, mut field: Field<'_>) -> Result<(Id<Blob>, u64), FormFault> {
        let (blob, file) = self.form.upload.file().map_err(FormFault::NotStored)?;
        let mut file = BufWriter::with_capacity(CHUNK, tokio::fs::File::from_std(file));
        let mut size = 0;
        while let Some(piece) = self.piece(&mut field).await? {
            self.file_bytes += piece.len();
            if self.file_bytes > self.limits.file_bytes {
                return Err(FormFault::FilesTooLarge(self.limits.file_bytes));
            }
            size += piece.len() as u64;
            file.write_all(&piece).await.map_err(FormFault::NotStored)?;
        }
        file.flush().await.map_err(FormFault::NotStored)?;
        // A flow that is taken up after a loss of power finds all of it, or nothing is acknowledged.
        file.get_ref().sync_all().await.map_err(FormFault::NotStored)?;
        Ok((blob, size))
    }

    /// The next piece of a part, if it comes before the client's silence is taken for its end.
    async fn piece(&self, field: &mut Field<'_>) -> Result<Option<Bytes>, FormFault> {
        let piece = timeout(self.limits.body_patience, field.chunk()).await.map_err(|_| BodyFault::Late)?;
        piece.map_err(fault)
    }

    fn count(&mut self, bytes: usize) -> Result<(), FormFault> {
        self.text_bytes += bytes;
        if self.text_bytes > self.limits.body_bytes {
            return Err(BodyFault::TooLarge(self.limits.body_bytes).into());
        }
        Ok(())
    }
}

/// What a file is called, without the folders that some clients send along and without what no name holds.
fn without_folders(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).collect()
}

/// What the parser says, in our words.
fn fault(error: multer::Error) -> FormFault {
    match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<LongHead>() {
            Ok(long) => malformed(long.to_string()),
            Err(cause) => BodyFault::Broken(cause).into(),
        },
        multer::Error::IncompleteStream | multer::Error::IncompleteFieldData { .. } => {
            malformed("it ends before its last part does")
        }
        other => malformed(other.to_string()),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the head of a part is longer than {HEAD} bytes")]
struct LongHead;

/// How much has come since the parser last said where it is; nothing is counted within a part.
#[derive(Clone, Default)]
struct Meter(Arc<AtomicUsize>);

impl Meter {
    /// A head is expected.
    fn head(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    /// The head has come.
    fn content(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn is_full(&self) -> bool {
        self.0.load(Ordering::Relaxed) > HEAD
    }

    fn count(&self, bytes: usize) {
        if self.0.load(Ordering::Relaxed) > 0 {
            self.0.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

/// A body as the parser takes it: one piece at a time, as it would gather all there are before it looks at the first.
struct Pieces<'b, B> {
    body: Pin<&'b mut B>,
    meter: Meter,
    /// Whether the parser has a piece to look at first.
    rests: bool,
}

impl<B: Body<Data = Bytes, Error: Into<Cause>>> Stream for Pieces<'_, B> {
    type Item = Result<Bytes, Cause>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rests) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.meter.is_full() {
            return Poll::Ready(Some(Err(LongHead.into())));
        }
        loop {
            let Some(frame) = ready!(self.body.as_mut().poll_frame(context)) else {
                return Poll::Ready(None);
            };
            match frame.map(hyper::body::Frame::into_data) {
                Ok(Ok(piece)) => {
                    self.meter.count(piece.len());
                    self.rests = true;
                    return Poll::Ready(Some(Ok(piece)));
                }
                Ok(Err(_)) => {} // trailers
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }
}
