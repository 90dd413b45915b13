//! The emulator as a program. It serves until its standard input closes or it receives SIGTERM. It prints messages
//! for the developer to the standard output, and a failed start to the standard error.

mod access_log;
mod options;

use std::collections::HashMap;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use access_log::AccessLog;
use emulator::gateway::Gateway;
use emulator::lambda::{Function, FunctionSettings, Lambda, Notice};
use emulator::template::Template;
use emulator::{invoke_api, server};
use options::Options;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// The time for running invocations to finish when the emulator stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let options = Options::read()?;
    let file = options.template.display().to_string();
    let text =
        std::fs::read_to_string(&options.template).map_err(|error| format!("{file}: {error}"))?;
    let template = Template::parse(&text).map_err(|error| format!("{file}: {error}"))?;
    let lambda = Arc::new(Lambda::new(functions(&template, &options)?));
    let listener = TcpListener::bind((options.host.as_str(), options.port))
        .await
        .map_err(|error| format!("{}:{}: {error}", options.host, options.port))?;
    let log = AccessLog::open(&options.logs)
        .map_err(|error| format!("{}: {error}", options.logs.display()))?;

    let gateway = Gateway::new(lambda.clone(), &template);
    let asked = stop_requested(options.with_parent).map_err(|error| error.to_string())?;
    let result = tokio::select! {
        result = serve(&lambda, options.warm, listener, (gateway, log)) => result,
        () = asked => Ok(()),
    };
    lambda.stop(STOP_TIMEOUT).await;
    result
}

async fn serve(
    lambda: &Arc<Lambda>,
    warm: usize,
    listener: TcpListener,
    (gateway, log): (Gateway, AccessLog),
) -> Result<(), String> {
    for _ in 0..warm {
        start_one_of_each(lambda).await?;
    }
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    say(&format!("listening on http://{address}"));
    let context = Arc::new((lambda.clone(), gateway, log));
    server::serve(listener, move |request| {
        let context = context.clone();
        async move {
            let (lambda, gateway, log) = &*context;
            if invoke_api::serves(request.uri().path()) {
                return invoke_api::handle(lambda.clone(), request).await;
            }
            let (method, began) = (request.method().clone(), Instant::now());
            let answered = gateway.handle(request).await;
            log.write(&method, &answered, began.elapsed());
            answered.response
        }
    })
    .await;
    Ok(())
}

async fn start_one_of_each(lambda: &Lambda) -> Result<(), String> {
    let start = |function: &Arc<Function>| {
        let function = function.clone();
        tokio::spawn(async move { function.start().await })
    };
    let starts: Vec<_> = lambda.functions().map(start).collect();
    for started in starts {
        started.await.map_err(|error| error.to_string())??;
    }
    Ok(())
}

fn functions(template: &Template, options: &Options) -> Result<Vec<FunctionSettings>, String> {
    let variables: HashMap<String, String> = std::env::vars().collect();
    let notice: Notice = Arc::new(say);
    let known = |name: &String| template.functions.iter().any(|it| it.name == *name);
    let named = options.only.iter().flatten().chain(options.reserved.keys());
    if let Some(unknown) = named.into_iter().find(|it| !known(it)) {
        return Err(format!(
            "{} has no function {unknown}",
            options.template.display()
        ));
    }
    let wanted = template.functions.iter().filter(|it| {
        options
            .only
            .as_ref()
            .is_none_or(|only| only.contains(&it.name))
    });
    Ok(wanted
        .map(|function| {
            let program = options.binaries.join(&function.name).display().to_string();
            let log = options.logs.join(format!("{}.log", function.name));
            FunctionSettings {
                variables: variables.clone(),
                memory_mb: function.memory_mb,
                timeout: options.timeout.unwrap_or(function.timeout),
                init_timeout: options.init,
                max_environments: options.environments,
                reserved_concurrency: options.reserved.get(&function.name).copied(),
                idle_timeout: Some(options.idle),
                freeze: options.freeze,
                notice: notice.clone(),
                ..FunctionSettings::new(&function.name, vec![program], log)
            }
        })
        .collect())
}

/// Returns a future that completes with SIGTERM or SIGINT, or when the parent closes the standard input.
fn stop_requested(with_parent: bool) -> io::Result<impl Future<Output = ()>> {
    let mut sigterm = signal(SignalKind::terminate())?;
    let mut sigint = signal(SignalKind::interrupt())?;
    let (mut parent, gone) = oneshot::channel::<()>();
    if with_parent {
        // In a separate thread: the async runtime would wait for the read at its shutdown.
        std::thread::spawn(move || {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            drop(parent);
        });
    } else {
        tokio::spawn(async move { parent.closed().await });
    }
    Ok(async move {
        tokio::select! {
            _ = sigterm.recv() => {}
            _ = sigint.recv() => {}
            _ = gone => {}
        }
    })
}

fn say(text: &str) {
    // The reader of the pipe may be gone.
    let _ = writeln!(io::stdout(), "{text}");
}
