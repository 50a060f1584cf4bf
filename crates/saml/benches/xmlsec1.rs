//! Validating a Response, beside libxmlsec1 in C that only parses the same document and verifies its signature: in turns,
//! in one run. Needs a C compiler and Debian's `libxmlsec1-dev`; `xmlsec1.c` is the other side.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark tells and may stop")]
#![expect(dead_code, reason = "the scene is larger than what this benchmark shows of it")]

mod scene;

use std::{
    fs,
    hint::black_box,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use mimalloc::MiMalloc;
use vestibule_saml::validate;
use vestibule_saml_idp::{Signed, saml_response_value};

use self::scene::{GROUPS, Scene};

/// The program's own.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The rounds that the ratio is measured in, and the work of one.
const ROUNDS: u32 = 40;
const PER_ROUND: u32 = 100;

/// The other side: a process that verifies as often as it is told.
struct Xmlsec1 {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Xmlsec1 {
    fn start(folder: &Path, document: &str, certificate: &[u8]) -> Option<Self> {
        let program = compile(folder)?;
        let (xml, der) = (folder.join("xmlsec1.xml"), folder.join("xmlsec1.der"));
        fs::write(&xml, document).unwrap();
        fs::write(&der, certificate).unwrap();
        let mut command = Command::new(program);
        let mut child = command.args([xml, der]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Some(Self { child, stdin, stdout })
    }

    fn verify(&mut self, times: u32) -> Duration {
        writeln!(self.stdin, "{times}").unwrap();
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        Duration::from_nanos(line.trim().parse().unwrap())
    }
}

impl Drop for Xmlsec1 {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// `None` where the library or a compiler is missing.
fn compile(folder: &Path) -> Option<PathBuf> {
    let flags = Command::new("pkg-config").args(["--cflags", "--libs", "xmlsec1-openssl"]).output().ok()?;
    let flags = flags.status.success().then(|| String::from_utf8(flags.stdout).unwrap())?;
    let program = folder.join("xmlsec1-bench");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/xmlsec1.c");
    let mut command = Command::new("cc");
    command.arg("-O2").arg("-o").arg(&program).arg(source).args(flags.split_whitespace());
    command.status().ok()?.success().then_some(program)
}

fn main() {
    let (scene, folder) = (Scene::new(), Path::new(env!("CARGO_TARGET_TMPDIR")));
    let expectation = scene.expectation();
    for signed in [Signed::Assertion, Signed::Response] {
        let xml = scene.response(signed, GROUPS);
        let value = saml_response_value(&xml);
        assert!(validate(&value, &expectation).outcome.is_ok());
        let Some(mut other) = Xmlsec1::start(folder, &xml, scene.key.certificate_der()) else {
            println!("skipped: needs a C compiler, pkg-config and libxmlsec1-dev");
            return;
        };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let began = Instant::now();
            for _ in 0..PER_ROUND {
                assert!(validate(black_box(&value), &expectation).outcome.is_ok());
            }
            ours.push(began.elapsed() / PER_ROUND);
            theirs.push(other.verify(PER_ROUND) / PER_ROUND);
        }
        ours.sort_unstable();
        theirs.sort_unstable();
        // The best round is the one that nothing else on the machine disturbed; the median tells how much it was.
        for (name, at) in [("best", 0), ("median", ours.len() / 2)] {
            if let (Some(ours), Some(theirs)) = (ours.get(at), theirs.get(at)) {
                let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
                println!(
                    "{signed:?} signed, {} bytes, {name}: validate {ours:?}, libxmlsec1 {theirs:?}, ratio {ratio:.2}",
                    xml.len()
                );
            }
        }
    }
}
