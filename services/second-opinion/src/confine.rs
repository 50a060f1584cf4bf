use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// What cannot be given up.
pub type ConfineError = seccompiler::Error;

/// What verifying, allocating memory, reading the question and writing the answer need.
const NEEDED: [i64; 18] = [
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_read,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_write,
];

/// The same, as long as nothing that they map can be executed; their third argument says.
const NEEDED_WITHOUT_EXECUTION: [i64; 2] = [libc::SYS_mmap, libc::SYS_mprotect];

/// From here on this thread, the only one, can read, write, compute and end: it opens no file, no connection and no other
/// program, whatever a document makes the libraries do. Trying to ends the process.
///
/// # Errors
/// When the kernel cannot filter system calls, which every Linux since 3.17 can.
pub fn confine() -> Result<(), ConfineError> {
    let not_executable =
        SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64), 0)?;
    let without_execution = SeccompRule::new(vec![not_executable])?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = NEEDED.iter().map(|call| (*call, Vec::new())).collect();
    rules.extend(NEEDED_WITHOUT_EXECUTION.iter().map(|call| (*call, vec![without_execution.clone()])));
    let architecture = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, architecture)?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
}
