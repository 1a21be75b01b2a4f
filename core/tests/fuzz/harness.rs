//! Rounds of random inputs, for a fixed number of them or for a time.

use std::env;
use std::fmt::Debug;
use std::process::abort;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestCaseResult, TestRng, TestRunner};

/// No input may take longer, on a processor that others use too, when there is time to look. Budgets stop work long
/// before that.
const LONGEST: Duration = Duration::from_secs(10);
/// What goes on so long when its time is over has to be ended.
const HANGS: Duration = Duration::from_secs(300);

fn setting(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")),
    )
}

/// Ends the process, with the number of the round, if the work goes on so long after its time.
fn watched<T>(round: u64, time: Duration, work: impl FnOnce() -> T) -> T {
    let (done, waiting) = channel::<()>();
    let watch = thread::spawn(move || {
        if waiting.recv_timeout(time + HANGS) == Err(RecvTimeoutError::Timeout) {
            eprintln!("FUZZ_ROUND={round}: an input goes on for minutes");
            abort();
        }
    });
    let result = work();
    drop(done);
    let _ = watch.join();
    result
}

/// Holds a property against `cases` inputs, or against as many as there are in FUZZ_SECONDS.
pub fn fuzz<S: Strategy>(cases: u32, inputs: S, property: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: Debug,
{
    let seconds = setting("FUZZ_SECONDS").map(Duration::from_secs);
    let started = Instant::now();
    let over = || seconds.is_some_and(|seconds| started.elapsed() >= seconds);
    for round in setting("FUZZ_ROUND").unwrap_or(0).. {
        let config = Config {
            cases,
            failure_persistence: None,
            max_shrink_time: 20_000,
            ..Config::default()
        };
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&round.to_le_bytes());
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let test = |input| {
            if over() {
                return Ok(());
            }
            let begin = ThreadTime::now();
            property(input)?;
            let taken = begin.elapsed();
            if seconds.is_some() && taken > LONGEST {
                return Err(TestCaseError::fail(format!("it took {taken:?}")));
            }
            Ok(())
        };
        let outcome = watched(round, seconds.unwrap_or_default(), || runner.run(&inputs, test));
        if let Err(error) = outcome {
            panic!("FUZZ_ROUND={round}: {error}");
        }
        if seconds.is_none() || over() {
            break;
        }
    }
}
