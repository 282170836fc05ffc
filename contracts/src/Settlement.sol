// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";
import {IRecordAnchor} from "../interfaces/IRecordAnchor.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Exposure} from "./settlement/Exposure.sol";
import {Rows} from "./settlement/Rows.sol";
import {Runs} from "./settlement/Runs.sol";

/// @title Runs: one UTC day of one community, posted as one net amount per account
/// @notice Checks what a chain can check about a run (zero sum, order, lag, anchored log, bound by the bond), keeps a
///         commitment to all its roots, and has the escrow apply it. What it cannot check, sums over members' lines and
///         the feeder's balance, is what the auditor's command recomputes and a dispute proves.
contract Settlement is AccessManaged, Exposure, Runs {
    /// @notice Time and money limits of a deployment.
    struct Terms {
        uint64 challengeWindow; // seconds during which a run can be disputed
        uint64 postingLag; // seconds after the day's end within which the initial run is posted
        uint64 correctionLag; // seconds after the posting lag within which corrections are posted
        uint96 fixedSum; // token base units withheld per account and open run
        uint32 exposureRatio; // the bond counts this many times
    }

    /// @dev Modes: ex_ante, ex_post.
    uint8 private constant LAST_MODE = 1;
    /// @dev Quarter-hour slots of a UTC day.
    uint256 private constant SLOTS_PER_DAY = 96;

    /// @notice Holds the money.
    IEscrow public immutable escrow;
    /// @notice Holds the log's checkpoints.
    IRecordAnchor public immutable recordAnchor;
    /// @inheritdoc ISettlement
    uint64 public immutable challengeWindow;
    /// @inheritdoc ISettlement
    uint64 public immutable postingLag;
    /// @inheritdoc ISettlement
    uint64 public immutable correctionLag;

    address private immutable _supplier;
    address private immutable _fee;
    address private immutable _dust;
    address private immutable _balancing;

    /// @notice A run is posted and applied; it is final at `finalAt`.
    event RunPosted(
        bytes32 indexed zone,
        uint32 indexed day,
        uint16 sequence,
        bytes32 pointsRoot,
        uint16 pointCount,
        bytes32 headersRoot,
        uint64 checkpoint,
        bytes32 profileHash,
        uint8 mode,
        bytes32 rowsRoot,
        uint64 finalAt
    );

    /// @notice Settlement must stand at the address that the escrow was built for.
    error EscrowServesAnother(address settlement);
    /// @notice Withdrawals must wait at least as long as a wrong run can be disputed, and a day past the posting lag.
    error WithdrawalDelayTooShort(uint256 delay, uint256 required);
    /// @notice The end of a window must fit what the queue of open runs keeps of it.
    error WindowTooLong(uint64 window, uint64 max);
    /// @notice {postRun} takes sequence 0, {postCorrection} higher ones.
    error SequenceWrong(uint16 given);
    /// @notice That run is posted already.
    error RunExists(bytes32 runKey, uint16 sequence);
    /// @notice A correction follows a posted run of the same zone and day; the one given is not it.
    error PreviousRunWrong(bytes32 runKey, uint16 sequence, bytes32 given, bytes32 stored);
    /// @notice The day has not ended.
    error DayNotOver(uint32 day, uint256 endsAt, uint256 blockTime);
    /// @notice The time for posting has passed.
    error PostingTooLate(uint256 until, uint256 blockTime);
    /// @notice The checkpoint is not anchored.
    error CheckpointNotAnchored(uint64 checkpoint);
    /// @notice The checkpoint was anchored before the one the previous sequence relies on.
    error CheckpointOlder(uint64 checkpoint, uint64 previous);
    /// @notice Modes are 0 (ex_ante) and 1 (ex_post).
    error ModeUnknown(uint8 mode);
    /// @notice Every account of a run has at least one metering point.
    error PointsMissing(uint256 pointCount, uint256 memberCount);
    /// @notice Rounding leaves between 0 and one base unit per line.
    error DustOutOfRange(int256 dust, uint256 max);
    /// @notice A run cannot move more than is counted with.
    error NetsTooLarge(uint256 exposure, uint256 max);
    /// @param authority the AccessManager that knows who may post
    /// @param escrow_ built for this contract's address
    /// @param recordAnchor_ holds the log's checkpoints
    /// @param terms time and money limits
    constructor(address authority, IEscrow escrow_, IRecordAnchor recordAnchor_, Terms memory terms)
        AccessManaged(authority)
        Exposure(terms.fixedSum, terms.exposureRatio)
        Runs(escrow_.disputes())
    {
        if (escrow_.settlement() != address(this)) revert EscrowServesAnother(escrow_.settlement());
        if (terms.challengeWindow > type(uint32).max) revert WindowTooLong(terms.challengeWindow, type(uint32).max);
        uint256 required = terms.postingLag + 1 days;
        if (required < terms.challengeWindow) required = terms.challengeWindow;
        uint256 delay = escrow_.withdrawalDelay();
        if (delay < required) revert WithdrawalDelayTooShort(delay, required);
        (escrow, recordAnchor) = (escrow_, recordAnchor_);
        (challengeWindow, postingLag, correctionLag) = (terms.challengeWindow, terms.postingLag, terms.correctionLag);
        (_supplier, _fee) = (escrow_.supplier(), escrow_.fee());
        (_dust, _balancing) = (escrow_.dust(), escrow_.balancingAccount());
    }

    /// @notice Posts the initial run of a day. Poster only.
    /// @dev This function reverts if: the caller lacks the role; deposits and runs are paused; claims wait for a larger
    ///      bond; sequence is not 0; the day
    ///      is posted already, not over, or past its posting lag; the checkpoint is not anchored; mode or point count are
    ///      wrong; rows are unsorted, too many, do not end with the system accounts or do not sum to zero; dust is
    ///      outside 0..96 * pointCount; the bond would not carry it. It never reverts for one account's sake.
    /// @param input what the run claims
    /// @param rows address20 || int96, members ascending, then supplier, fee, dust, balancing
    function postRun(RunInput calldata input, bytes32[] calldata rows) external restricted {
        if (input.sequence != 0) revert SequenceWrong(input.sequence);
        _requireInTime(input.day, postingLag);
        uint256 exposure = _checkRows(input, rows);
        _openExposure(exposure, challengeWindow, escrow.freeBond());
        _post(runKeyOf(input.zone, input.day), input, rows, new int256[](0));
    }

    /// @notice Posts a correction of a day: all roots again, all rows again, and the previous rows, against whose root
    ///         they are proven; only differences are applied. Poster only.
    /// @dev Reverts as {postRun} does, and if: the previous run is not the last one posted for that zone and day; a row
    ///      of it is missing; the checkpoint is older than its.
    /// @param input what the run claims, sequence one above the previous
    /// @param rows as for {postRun}; every account of the previous run has a row
    /// @param previous what the previous sequence claimed
    /// @param previousRows its rows
    function postCorrection(
        RunInput calldata input,
        bytes32[] calldata rows,
        RunInput calldata previous,
        bytes32[] calldata previousRows
    ) external restricted {
        bytes32 runKey = _requireSuccessor(input, previous, previousRows);
        _requireInTime(input.day, postingLag + correctionLag);
        _checkRows(input, rows);
        (int256[] memory before, uint256 moved, uint256 changed) = Rows.alignPrevious(rows, previousRows);
        _openExposure(moved + changed * fixedSum, challengeWindow, escrow.freeBond());
        _openWindows(runKey, rows, before);
        _post(runKey, input, rows, before);
    }

    /// @inheritdoc ISettlement
    function requiredBond() external view returns (uint256) {
        return _requiredBond();
    }

    /// @notice Root over rows, as stored in a run's digest: RFC 6962 over chunks of 16 rows.
    /// @param rows address20 || int96
    /// @return the root
    function rowsRootOf(bytes32[] calldata rows) external view returns (bytes32) {
        return Rows.root(rows);
    }

    /// @dev Checks everything about rows and input that does not depend on the sequence; returns the run's exposure.
    function _checkRows(RunInput calldata input, bytes32[] calldata rows) private view returns (uint256) {
        if (input.mode > LAST_MODE) revert ModeUnknown(input.mode);
        if (recordAnchor.digestOf(input.checkpoint) == 0) revert CheckpointNotAnchored(input.checkpoint);
        Rows.Summary memory summary = Rows.check(rows, [_supplier, _fee, _dust, _balancing]);
        if (input.pointCount < summary.members) revert PointsMissing(input.pointCount, summary.members);
        uint256 maxDust = SLOTS_PER_DAY * input.pointCount;
        if (summary.dust < 0 || uint256(summary.dust) > maxDust) revert DustOutOfRange(summary.dust, maxDust);
        uint256 exposure = summary.absolute + summary.members * fixedSum;
        if (exposure > MAX_EXPOSURE) revert NetsTooLarge(exposure, MAX_EXPOSURE);
        return exposure;
    }

    /// @dev The day is over and `lag` seconds have not passed since.
    function _requireInTime(uint32 day, uint256 lag) private view {
        uint256 endsAt = (uint256(day) + 1) * 1 days;
        if (block.timestamp < endsAt) revert DayNotOver(day, endsAt, block.timestamp);
        if (block.timestamp > endsAt + lag) revert PostingTooLate(endsAt + lag, block.timestamp);
    }

    /// @dev The previous run is the one that stands, and `input` follows it.
    function _requireSuccessor(RunInput calldata input, RunInput calldata previous, bytes32[] calldata previousRows)
        private
        view
        returns (bytes32 runKey)
    {
        if (input.sequence == 0 || previous.sequence != input.sequence - 1) revert SequenceWrong(input.sequence);
        runKey = runKeyOf(input.zone, input.day);
        bytes32 given = keccak256(abi.encode(previous, Rows.root(previousRows)));
        bytes32 stored = _runs[runKey][previous.sequence].digest;
        if (given != stored || previous.zone != input.zone || previous.day != input.day) {
            revert PreviousRunWrong(runKey, previous.sequence, given, stored);
        }
        if (input.checkpoint < previous.checkpoint) revert CheckpointOlder(input.checkpoint, previous.checkpoint);
    }

    /// @dev A member whose net a correction changes may dispute it as long as any run; others keep the time they had.
    function _openWindows(bytes32 runKey, bytes32[] calldata rows, int256[] memory before) private {
        uint64 until = uint64(block.timestamp) + challengeWindow;
        uint256 members = rows.length - Rows.SYSTEM_ROWS;
        for (uint256 i = 0; i < members; ++i) {
            if (Rows.netOf(rows[i]) != before[i]) _extend(runKey, Rows.accountOf(rows[i]), until);
        }
    }

    /// @dev Stores, announces and applies a checked run.
    function _post(bytes32 runKey, RunInput calldata input, bytes32[] calldata rows, int256[] memory before) private {
        Run storage run = _runs[runKey][input.sequence];
        if (run.finalAt != 0) revert RunExists(runKey, input.sequence);
        bytes32 rowsRoot = Rows.root(rows);
        uint64 end = uint64(block.timestamp) + challengeWindow;
        run.digest = keccak256(abi.encode(input, rowsRoot));
        (run.finalAt, run.postedAt) = (end, uint64(block.timestamp));
        if (input.sequence != 0) _runs[runKey][0].latest = input.sequence;
        _announce(input, rowsRoot, end);
        _apply(runKey, input.sequence, input.day, _numberOf(input.zone), rows, before);
    }

    /// @dev `escrow.applyRun(runKey, sequence, day, zone, rows, before)`, the lists copied whole and not item by item.
    function _apply(
        bytes32 runKey,
        uint256 sequence,
        uint256 day,
        uint256 zone,
        bytes32[] calldata rows,
        int256[] memory before
    ) private {
        address target = address(escrow);
        bytes32 selector = IEscrow.applyRun.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 4), runKey)
            mstore(add(data, 36), sequence)
            mstore(add(data, 68), day)
            mstore(add(data, 100), zone)
            mstore(add(data, 132), 192)
            let size := shl(5, rows.length)
            mstore(add(data, 164), add(224, size))
            mstore(add(data, 196), rows.length)
            calldatacopy(add(data, 228), rows.offset, size)
            let tail := add(add(data, 228), size)
            size := add(32, shl(5, mload(before)))
            mcopy(tail, before, size)
            if iszero(call(gas(), target, 0, data, sub(add(tail, size), data), 0, 0)) {
                returndatacopy(data, 0, returndatasize())
                revert(data, returndatasize())
            }
        }
    }

    /// @dev `emit RunPosted(...)`: what is not indexed stands in the input as it is told, from sequence to mode, so it is
    ///      copied from there. Every field has been read before and is clean.
    function _announce(RunInput calldata input, bytes32 rowsRoot, uint64 end) private {
        bytes32 topic = RunPosted.selector;
        bytes32 zone = input.zone;
        uint256 day = input.day;
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, add(input, 64), 224)
            mstore(add(data, 224), rowsRoot)
            mstore(add(data, 256), end)
            log3(data, 288, topic, zone, day)
        }
    }
}
