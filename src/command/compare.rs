//! `compare`: the styles of telling news, side by side; and the same in a browser.

use tokio::sync::mpsc;

use super::stage;
use super::talk::interrupts;
use crate::compare::{self, Comparison, What};
use crate::event::Timed;
use crate::exit::{Exit, Failure};
use crate::link::Journal;
use crate::plan::{Compare, Web};
use crate::view;
use crate::view::screen::{Cast, Screen};

pub(super) async fn compare(compare: Compare) -> Result<Exit, Failure> {
    let Compare { rules, look, report } = compare;
    let mut interrupts = interrupts()?;
    let cast =
        Cast { payload: Some(view::compare::payload(&look)), talk: view::compare::talk(&look), ..Cast::default() };
    let screen = Screen::start(cast).map_err(|error| Failure::system("write to", "the terminal", &error))?;
    let (told, mut tells) = mpsc::channel::<Vec<Timed<What>>>(8);
    let records = screen.records();
    // The page is made of the same report.
    let passing = async {
        let mut page = None;
        while let Some(batch) = tells.recv().await {
            for told in &batch {
                if let (What::Report(found), Some(_)) = (&told.what, &report) {
                    page = Some(view::compare::page(found));
                }
            }
            if records.send(batch).await.is_err() {
                break;
            }
        }
        drop(records);
        page
    };
    let running = async { Comparison::open(rules, told).await?.run().await };
    let (verdict, page) = tokio::select! {
        (verdict, page) = async { tokio::join!(running, passing) } => (verdict, page),
        _ = interrupts.recv() => (Ok(Exit::Interrupted), None),
    };
    let verdict = match (page, &report) {
        (Some(page), Some(path)) => verdict.and_then(|exit| {
            std::fs::write(path, page)
                .map_err(|error| Failure::system("write", &path.display().to_string(), &error))
                .map(|()| exit)
        }),
        _ => verdict,
    };
    stage::close(screen, verdict).await
}

/// Serves the page, until it is interrupted.
pub(super) async fn web(web: Web) -> Result<Exit, Failure> {
    let Web { on, settings, look } = web;
    let mut interrupts = interrupts()?;
    let (journal, mut records) = Journal::new(look.watch(), None);
    let cast = Cast { talk: Some(view::talk(&look)), ..Cast::default() };
    let screen = Screen::start(cast).map_err(|error| Failure::system("write to", "the terminal", &error))?;
    let shown = screen.records();
    let showing = async {
        while let Some(batch) = records.recv().await {
            // Fails only when nobody looks any more.
            let _ = shown.send(batch).await;
        }
        Ok(Exit::Complete)
    };
    let serving = async { compare::web::Web::open(on, settings, view::compare::WEB, &journal).await?.run().await };
    let verdict = tokio::select! {
        verdict = serving => verdict,
        verdict = showing => verdict,
        _ = interrupts.recv() => Ok(Exit::Interrupted),
    };
    drop(shown);
    stage::close(screen, verdict).await
}
