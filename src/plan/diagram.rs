//! `--diagram`: what is drawn, by the end of the file's name.

use std::path::PathBuf;

use crate::exit::Failure;
use crate::view::diagram::Form;

/// A drawing to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagram {
    /// Where.
    pub path: PathBuf,
    /// How.
    pub form: Form,
}

impl Diagram {
    /// A drawing in the form that the file's name ends in.
    pub fn at(path: PathBuf) -> Result<Self, Failure> {
        match path.extension().and_then(|end| end.to_str()).and_then(Form::of) {
            Some(form) => Ok(Self { path, form }),
            None => Err(Failure::usage(
                format!("--diagram {}: its name says no form", path.display()),
                "a name that ends in .svg is a picture, in .txt text, in .mmd Mermaid",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_form() {
        for (name, form) in [("a.svg", Form::Svg), ("dir.mmd/a.txt", Form::Text), ("a.svg.mmd", Form::Mermaid)] {
            assert_eq!(Diagram::at(name.into()).map(|diagram| diagram.form).ok(), Some(form));
        }
        for name in ["a", "a.png", ".svg", "a.SVG"] {
            assert!(Diagram::at(name.into()).is_err(), "{name}");
        }
    }
}
