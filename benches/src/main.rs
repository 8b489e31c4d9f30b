//! Runs the suites: all of them, or those whose names begin with an argument.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    env,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use istio_gateway_benches::{
    go::Go,
    runner::{Run, Settings, Suite, report},
    suites::{self, SUITES},
};

const USAGE: &str = "\
istio-gateway-benches [--rounds N] [--least MILLISECONDS] [--no-go] [SUITE ...]

Suites: allocations json-decode json-encode yaml yaml-stream wire-decode wire-encode write-back
write-back-all; the beginning of a name selects all that begin so.";

fn main() {
    let mut settings = Settings { rounds: 41, least: Duration::from_millis(5) };
    let (mut with_go, mut wanted) = (true, Vec::new());
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse().ok()).unwrap_or_else(|| usage(2));
        match arg.as_str() {
            "--rounds" => settings.rounds = number(),
            "--least" => settings.least = Duration::from_millis(number() as u64),
            "--no-go" => with_go = false,
            "--help" | "-h" => usage(0),
            _ if arg.starts_with('-') => usage(2),
            _ => wanted.push(arg),
        }
    }
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.starts_with(w.as_str()));
    if !wanted.iter().all(|w| {
        SUITES.iter().any(|(name, _)| name.starts_with(w.as_str()))
            || "allocations".starts_with(w.as_str())
    }) {
        usage(2);
    }
    if is_wanted("allocations") {
        allocations();
    }
    warm_allocator();
    for (_, make) in SUITES.iter().filter(|(name, _)| is_wanted(name)) {
        let suite = make();
        let mut go = if with_go { start_go(&suite) } else { None };
        report(suite, &mut go, &settings);
    }
}

/// Once a block of this size was freed, the system's allocator keeps what it has for the next one.
/// Until then, whether a document of some hundred KB is written into fresh pages each time depends on
/// what came before, and is worth a factor of two. A process that runs for long is past that.
fn warm_allocator() {
    drop(std::hint::black_box(vec![1u8; 24 << 20]));
}

fn usage(code: i32) -> ! {
    eprintln!("{USAGE}");
    std::process::exit(code)
}

fn start_go(suite: &Suite) -> Option<Go> {
    let is_go = |column: &istio_gateway_benches::runner::Column| {
        column.operations.iter().any(|o| matches!(o.run, Run::Go(_)))
    };
    let files: Vec<_> = suite.columns.iter().filter(|c| is_go(c)).map(|c| c.file.clone()).collect();
    if files.is_empty() {
        return None;
    }
    Go::start(&files).inspect_err(|e| eprintln!("Go is left out: {e}")).ok()
}

/// How often each JSON decoder and encoder allocates.
fn allocations() {
    println!("### Allocations, 100 servers\n\nNumber, and bytes asked for.\n");
    println!("| | number | bytes |\n|---|---:|---:|");
    for suite in [suites::json_decode(), suites::json_encode(), suites::yaml()] {
        let column = suite.columns.into_iter().find(|c| c.name.starts_with("100 servers"));
        for operation in column.into_iter().flat_map(|c| c.operations) {
            if let Run::Here(mut run) = operation.run {
                // Whatever is allocated once and for all.
                run();
                let before = (ALLOCATIONS.load(Relaxed), BYTES.load(Relaxed));
                run();
                let number = ALLOCATIONS.load(Relaxed) - before.0;
                let bytes = BYTES.load(Relaxed) - before.1;
                println!("| {} | {number} | {bytes} |", operation.name);
            }
        }
    }
    println!();
}

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, counting. There is one thread, so a load and a store will do; they cost
/// less than a thousandth of what is measured.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(bytes: usize) {
    ALLOCATIONS.store(ALLOCATIONS.load(Relaxed) + 1, Relaxed);
    BYTES.store(BYTES.load(Relaxed) + bytes as u64, Relaxed);
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}
