//! Forms, as a test writes them.

use std::io::Write;

use concord_runtime::{Form, FormFile, Upload};

/// A part of a form.
#[derive(Debug, Clone)]
pub struct Part {
    name: String,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Text(String),
    File { name: String, kind: String, bytes: Vec<u8> },
}

impl Part {
    /// A field that is text.
    pub fn text(name: &str, text: &str) -> Self {
        Self { name: name.into(), content: Content::Text(text.into()) }
    }

    /// A file: the field, what the file is called, what it is said to be, and its bytes.
    pub fn file(field: &str, name: &str, kind: &str, bytes: &[u8]) -> Self {
        let content = Content::File { name: name.into(), kind: kind.into(), bytes: bytes.to_vec() };
        Self { name: field.into(), content }
    }
}

/// A form of these parts.
pub(crate) fn filled(upload: Upload, parts: &[Part]) -> Form {
    let mut form = Form { texts: Vec::new(), files: Vec::new(), upload };
    for Part { name: field, content } in parts {
        match content {
            Content::Text(text) => form.texts.push((field.clone(), text.clone())),
            Content::File { name, kind, bytes } => {
                let (blob, mut file) = form.upload.file().expect("there is room for the file");
                file.write_all(bytes).expect("the file can be written");
                let (field, name, kind) = (field.clone(), name.clone(), kind.clone());
                form.files.push(FormFile { field, name, kind, size: bytes.len() as u64, blob });
            }
        }
    }
    form
}
