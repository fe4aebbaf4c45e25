//! `concord serve`.

use std::error::Error;
use std::io::IsTerminal;
use std::sync::Arc;

use concord_runtime::App;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::Outcome;
use crate::config::{Config, LogFormat};
use crate::http::{Routes, Site};
use crate::net;
use crate::token::Admins;
use crate::{concepts, rules, ticking};

/// The file in the data folder that says where its server listens.
pub(super) const ADDRESS_FILE: &str = "address";

/// The folder in the data folder where the files of requests wait for whoever keeps them.
const FILES: &str = "incoming";

pub(super) fn run(config: &Config) -> Outcome {
    start_log(config)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = config.threads {
        runtime.worker_threads(threads.get());
    }
    runtime.enable_all().build()?.block_on(serve(config))
}

async fn serve(config: &Config) -> Outcome {
    let secret = super::secret(config)?;
    let store = concord_store::open(&config.store, config.retention)?;
    let options = App::options()
        .ring_bytes(config.ring_bytes)
        .settings(config.contracts.clone())
        .spool(config.data.join(FILES))
        .explain_refusals(config.dev);
    let options = options.rules(rules::sources(config, &config.syncs[..0])?);
    let app = options.open(concepts::registry(secret.bytes(), config.ice.clone())?, store).await?;
    if !app.warnings().is_empty() {
        tracing::warn!("suspicious rules:\n{}", app.warnings().render(app.sources(), false));
    }
    let site = Site::new(app.clone(), Admins::new(&secret), config.requests);
    let site = Arc::new(site.behind(config.proxies.clone()));
    let listener = TcpListener::bind(&config.listen).await.map_err(|error| {
        format!("cannot listen on {}: {error}; choose another with --listen", config.listen)
    })?;
    let address = listener.local_addr()?;
    let note = config.data.join(ADDRESS_FILE);
    std::fs::create_dir_all(&config.data)?;
    std::fs::write(&note, address.to_string())?;
    say_hello(config, &site, &format!("http://{address}"));

    let mut ticking = ticking::start(&app);
    let stop = asked_to_stop()?;
    let draining = Arc::clone(&site);
    let stop = async move {
        stop.await;
        tracing::info!("stopping: requests that have begun are answered");
        draining.drain();
    };
    let routes = Routes::new(&site, &config.origins);
    net::serve(listener, routes, config.connections, site.metrics(), stop).await;
    ticking.abort_all();
    // Flows whose clients left are finished too, within the same patience.
    drop(tokio::time::timeout(config.connections.drain_patience, app.finish()).await);
    drop(std::fs::remove_file(note));
    tracing::info!("stopped");
    Ok(())
}

fn say_hello(config: &Config, site: &Site, url: &str) {
    let mut routes = String::new();
    for contract in site.app().plan().contracts.iter().filter(|contract| !contract.routes.is_empty()) {
        let bases: Vec<String> = contract.bases.iter().map(|base| format!("{url}{base}")).collect();
        let (name, count) = (&contract.name, contract.routes.len());
        routes.push_str(&format!("  {name:<6} {}   {count} routes\n", bases.join(", ")));
    }
    super::say(&format!(
        "Concord serves on {url}\n\
         \x20 API    {url}/api/<Concept>/<action>   {}\n{routes}\
         \x20 docs   specs/api, written by `concord docs`; {url}/ lists what is here\n\
         \x20 data   {} ({})",
        site.exposed().join(", "),
        config.data.display(),
        config.store
    ));
}

fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn start_log(config: &Config) -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_new(&config.log_filter)
        .map_err(|error| format!("log.filter: {error}; write a level such as info, or target=level pairs"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
    // A panic is a line in the log like any other, with its place.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic")));
    Ok(())
}
