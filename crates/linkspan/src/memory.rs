//! The memory this process has used at its peak.

/// The largest resident set so far, in mebibytes; `None` where the system does not tell (it does on Linux).
pub(crate) fn peak_mb() -> Option<u64> {
    peak_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_the_high_water_mark_rounded_up() {
        assert_eq!(peak_in("VmPeak:\t  99999 kB\nVmHWM:\t   10241 kB\nVmRSS:\t 5 kB\n"), Some(11));
        assert_eq!(peak_in("VmRSS:\t 5 kB\n"), None);
        assert_eq!(peak_in("VmHWM:\t many\n"), None);
    }
}
