//! `--diagram`: the sequence of a session as a drawing, made of its records.
//!
//! [`scene`] makes rows of records, [`sequence`] lays them out in lanes, and a renderer for each form draws that.

mod mermaid;
mod rows;
mod scene;
mod sequence;
mod svg;
mod text;

use std::io;

use self::scene::Scene;
pub(super) use self::svg::xml;
use super::View;
use crate::event::Record;

/// The forms of a drawing; a file's name ends in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `.svg`: a picture.
    Svg,
    /// `.txt`: characters, at most 100 columns.
    Text,
    /// `.mmd`: Mermaid's `sequenceDiagram`.
    Mermaid,
}

impl Form {
    /// The form that the end of a file's name stands for.
    #[must_use]
    pub fn of(extension: &str) -> Option<Self> {
        Some(match extension {
            "svg" => Self::Svg,
            "txt" => Self::Text,
            "mmd" => Self::Mermaid,
            _ => return None,
        })
    }
}

/// Draws when all is over.
pub(super) struct Diagram {
    form: Form,
    scene: Scene,
}

impl Diagram {
    pub(super) fn new(form: Form) -> Self {
        Self { form, scene: Scene::default() }
    }
}

impl View for Diagram {
    fn show(&mut self, record: &Record, _: &mut Vec<u8>) -> io::Result<()> {
        self.scene.see(record);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let sequence = std::mem::take(&mut self.scene).sequence();
        let drawing = match self.form {
            Form::Svg => svg::draw(&sequence),
            Form::Text => text::draw(&sequence),
            Form::Mermaid => mermaid::draw(&sequence),
        };
        out.extend_from_slice(drawing.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
