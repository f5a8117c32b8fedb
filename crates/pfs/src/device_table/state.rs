//! What outlives the process.
//!
//! ```text
//! state  = version own count *row      version = 1, one byte; ascending by id
//! own    = id                          a row has it
//! row    = id state flags [time] [restated] [record]
//! state  = one byte: 0 unregistered, 1 pending, 2 registered, 3 left, 4 removed
//! flags  = one byte: 1 to be broadcast, 2 the record was made here, 4 restated follows,
//!          8 record follows
//! time   = of the removal or departure: states 3 and 4 only
//! record = length, its bytes
//! id     = 32 bytes; count = two bytes; time, restated = 8 bytes of Unix seconds;
//!          length = 4 bytes; all big-endian
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{DeviceRow, DeviceState, DeviceTable, MAX_ROWS};
use crate::saved_state::{Input, put_count, put_string};
use crate::{DeviceId, DeviceRecord, Error};

const VERSION: u8 = 1;
const WHAT: &str = "saved device table";

const BROADCAST: u8 = 1;
const MADE_HERE: u8 = 2;
const RESTATED: u8 = 4;
const RECORD: u8 = 8;

const STATES: [DeviceState; 5] = [
    DeviceState::Unregistered,
    DeviceState::Pending,
    DeviceState::Registered,
    DeviceState::Left,
    DeviceState::Removed,
];

impl DeviceTable {
    /// Appends the table to `out`, for [`read`](Self::read). Whoever reads it learns what lets a
    /// message into the group: keep it encrypted.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend_from_slice(self.own.id.as_bytes());
        put_count(out, self.others.len().saturating_add(1));
        for row in self.rows() {
            write_row(row, out);
        }
    }

    /// What [`write`](Self::write) wrote, and nothing else.
    ///
    /// # Errors
    /// [`Error::Version`], [`Error::Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut input = Input::new(WHAT, VERSION, bytes)?;
        let own_id = DeviceId::from_bytes(*input.array()?);
        let mut own = None;
        let mut others = Vec::new();
        let mut last = None;
        for _ in 0..input.count(MAX_ROWS)? {
            let row = read_row(&mut input)?;
            if last >= Some(row.id) {
                return Err(input.malformed());
            }
            last = Some(row.id);
            if row.id == own_id {
                own = Some(row);
            } else {
                others.push(row);
            }
        }
        let own = own.ok_or_else(|| input.malformed())?;
        input.finish()?;
        Ok(Self { own, others })
    }
}

fn write_row(row: &DeviceRow, out: &mut Vec<u8>) {
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    out.extend_from_slice(row.id.as_bytes());
    let state = STATES.iter().position(|state| *state == row.state);
    out.push(
        state
            .and_then(|at| u8::try_from(at).ok())
            .unwrap_or_default(),
    );
    out.push(
        flag(row.broadcast, BROADCAST)
            | flag(row.made_here, MADE_HERE)
            | flag(row.restated_at.is_some(), RESTATED)
            | flag(row.record.is_some(), RECORD),
    );
    for time in [row.gone_at, row.restated_at].into_iter().flatten() {
        out.extend(time.to_be_bytes());
    }
    if let Some(record) = &row.record {
        put_string(out, record.as_bytes());
    }
}

fn read_row(input: &mut Input<'_>) -> Result<DeviceRow, Error> {
    let id = DeviceId::from_bytes(*input.array()?);
    let state = STATES
        .get(usize::from(input.byte()?))
        .copied()
        .ok_or_else(|| input.malformed())?;
    let flags = input.byte()?;
    if flags > BROADCAST | MADE_HERE | RESTATED | RECORD {
        return Err(input.malformed());
    }
    let mut row = DeviceRow::new(id, state);
    row.broadcast = flags & BROADCAST != 0;
    row.made_here = flags & MADE_HERE != 0;
    if state.is_gone() {
        row.gone_at = Some(input.int()?);
    }
    if flags & RESTATED != 0 {
        row.restated_at = Some(input.int()?);
    }
    if flags & RECORD != 0 {
        let record = DeviceRecord::decode(input.string()?).map_err(|_| input.malformed())?;
        row.record = Some(Box::new(record));
    } else if row.made_here || !state.is_gone() {
        return Err(input.malformed());
    }
    Ok(row)
}
