use std::collections::VecDeque;

use vestibule_eventlog::Cursor;
use vestibule_kernel::Timestamp;

/// The events that were read and are not all acknowledged, in the order of the log. The checkpoint may only move over the
/// unbroken run of acknowledged events at its front.
#[derive(Debug, Default)]
pub(super) struct Window {
    slots: VecDeque<Slot>,
    passed: Passed,
}

/// The unbroken run of acknowledged events.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Passed {
    /// How many: also the number of the slot at the front.
    pub(super) events: u64,
    /// The last of them.
    pub(super) cursor: Option<Cursor>,
}

#[derive(Debug)]
struct Slot {
    cursor: Cursor,
    recorded_at: Timestamp,
    done: bool,
}

impl Window {
    /// Adds the next event of the log, and answers the number of its slot.
    pub(super) fn add(&mut self, cursor: Cursor, recorded_at: Timestamp, done: bool) -> u64 {
        let number = self.passed.events + self.slots.len() as u64;
        self.slots.push_back(Slot { cursor, recorded_at, done });
        self.shrink();
        number
    }

    /// The event in this slot is acknowledged.
    pub(super) fn acknowledge(&mut self, number: u64) {
        let index = usize::try_from(number.saturating_sub(self.passed.events)).unwrap_or(usize::MAX);
        if let Some(slot) = self.slots.get_mut(index) {
            slot.done = true;
        }
        self.shrink();
    }

    fn shrink(&mut self) {
        while let Some(slot) = self.slots.pop_front_if(|slot| slot.done) {
            self.passed = Passed { events: self.passed.events + 1, cursor: Some(slot.cursor) };
        }
    }

    /// The unbroken run of acknowledged events.
    pub(super) const fn passed(&self) -> Passed {
        self.passed
    }

    /// When the oldest event was recorded that is not acknowledged.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.slots.front().map(|slot| slot.recorded_at)
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(position: u64) -> Cursor {
        Cursor::at(7, position)
    }

    #[test]
    fn the_checkpoint_moves_over_the_unbroken_run_only() {
        let mut window = Window::default();
        let slots: Vec<u64> = (1..=4).map(|position| window.add(at(position), Timestamp::EPOCH, false)).collect();
        window.acknowledge(slots[1]);
        window.acknowledge(slots[3]);
        assert_eq!(window.passed().cursor, None, "the first is still open");
        window.acknowledge(slots[0]);
        assert_eq!(window.passed().cursor, Some(at(2)));
        window.acknowledge(slots[0]);
        window.acknowledge(slots[2]);
        assert_eq!(window.passed(), Passed { events: 4, cursor: Some(at(4)) });
        assert!(window.is_empty());
    }

    #[test]
    fn what_stays_inside_moves_the_checkpoint_too() {
        let mut window = Window::default();
        window.add(at(1), Timestamp::EPOCH, true);
        assert_eq!(window.passed().cursor, Some(at(1)));
        let open = window.add(at(2), Timestamp::EPOCH, false);
        window.add(at(3), Timestamp::EPOCH, true);
        assert_eq!((window.passed().cursor, window.len()), (Some(at(1)), 2));
        window.acknowledge(open);
        assert_eq!(window.passed().cursor, Some(at(3)));
    }
}
