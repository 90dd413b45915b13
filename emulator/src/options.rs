use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

pub const USAGE: &str = "\
Emulates AWS Lambda and API Gateway. The functions inherit the environment variables.

  --template FILE       the SAM template with functions and routes (template.yaml)
  --binaries FOLDER     the functions' binaries (target/debug)
  --logs FOLDER         NAME.log for each function, and gateway.log (.dev/logs)
  --only NAME,…         these functions instead of all
  --host ADDRESS        127.0.0.1
  --port PORT           8000; 0 selects a free one
  --warm N              environments of each function at the start (1)
  --environments N      the most environments of each function; further ones are queued (10)
  --reserve NAME=N      reserved concurrency of a function: more invocations are throttled
  --timeout SECONDS     the longest invocation, instead of the template's
  --idle SECONDS        ends environments that were idle for so long, but for one (60)
  --init SECONDS        the longest start of a function (10)
  --freeze              stops idle processes (SIGSTOP), as Lambda freezes them
  --with-parent         stops when the standard input closes";

pub struct Options {
    pub template: PathBuf,
    pub binaries: PathBuf,
    pub logs: PathBuf,
    pub only: Option<Vec<String>>,
    pub host: String,
    pub port: u16,
    pub warm: usize,
    pub environments: usize,
    pub reserved: HashMap<String, usize>,
    pub timeout: Option<Duration>,
    pub idle: Duration,
    pub init: Duration,
    pub freeze: bool,
    pub with_parent: bool,
}

impl Options {
    pub fn read() -> Result<Self, String> {
        Self::parse(Parser::from_env()).map_err(|error| format!("{error}\n\n{USAGE}"))
    }

    fn parse(mut parser: Parser) -> Result<Self, lexopt::Error> {
        let mut options = Self {
            template: "template.yaml".into(),
            binaries: "target/debug".into(),
            logs: ".dev/logs".into(),
            only: None,
            host: "127.0.0.1".to_owned(),
            port: 8000,
            warm: 1,
            environments: 10,
            reserved: HashMap::new(),
            timeout: None,
            idle: Duration::from_mins(1),
            init: Duration::from_secs(10),
            freeze: false,
            with_parent: false,
        };
        while let Some(argument) = parser.next()? {
            let Arg::Long(name) = argument else {
                return Err(argument.unexpected());
            };
            match name {
                "template" => options.template = parser.value()?.into(),
                "binaries" => options.binaries = parser.value()?.into(),
                "logs" => options.logs = parser.value()?.into(),
                "only" => {
                    let names = parser.value()?.string()?;
                    options.only = Some(names.split(',').map(str::to_owned).collect());
                }
                "host" => options.host = parser.value()?.string()?,
                "port" => options.port = parser.value()?.parse()?,
                "warm" => options.warm = parser.value()?.parse()?,
                "environments" => options.environments = parser.value()?.parse()?,
                "reserve" => {
                    let (name, number) = reservation(&parser.value()?.string()?)?;
                    options.reserved.insert(name, number);
                }
                "timeout" => options.timeout = Some(Duration::from_secs(parser.value()?.parse()?)),
                "idle" => options.idle = Duration::from_secs(parser.value()?.parse()?),
                "init" => options.init = Duration::from_secs(parser.value()?.parse()?),
                "freeze" => options.freeze = true,
                "with-parent" => options.with_parent = true,
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(options)
    }
}

fn reservation(text: &str) -> Result<(String, usize), lexopt::Error> {
    let parsed = text
        .split_once('=')
        .and_then(|(name, number)| Some((name.to_owned(), number.parse().ok()?)));
    parsed.ok_or_else(|| format!("--reserve takes NAME=N, not {text:?}").into())
}
