// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../interfaces/ISettlement.sol";

/// @title Posted runs, and until when they may be disputed
/// @notice Only the last sequence of a zone's day can be argued about. Its window is that of sequence 0; it reaches
///         further for an account whose net a correction changed, or to which a dispute gave more time.
abstract contract Runs is ISettlement {
    /// @notice What is kept of a posted run. `digest` = keccak256(abi.encode(RunInput, rowsRoot)) commits to all of it;
    ///         whoever argues about a run brings the input and rowsRoot along (both are in its RunPosted event).
    struct Run {
        bytes32 digest;
        uint64 finalAt;
        uint64 postedAt;
        uint16 latest; // highest sequence posted of this day; kept with sequence 0 only
    }

    /// @dev keccak256 of the kind, word 0 of the run key.
    bytes32 private constant RUN_TAG = keccak256("commonwatt.RUN.v1");

    /// @notice May lengthen windows; as the escrow names it.
    address public immutable disputes;

    /// @dev Zones that one deployment can serve; the escrow keeps the number of each account's.
    uint8 private constant MAX_ZONES = 63;

    mapping(bytes32 runKey => mapping(uint16 sequence => Run)) internal _runs;
    /// @dev Zones numbered from 1 in the order of their first runs.
    mapping(bytes32 zone => uint8 number) private _zones;
    /// @notice Zones that have posted a run.
    uint8 public zoneCount;
    /// @dev Windows that reach beyond that of sequence 0.
    mapping(bytes32 runKey => mapping(address account => uint64 until)) private _windows;

    /// @notice The zone has posted its first run, and is number `number` of this deployment.
    event ZoneNumbered(bytes32 indexed zone, uint8 number);
    /// @notice `account` may dispute the zone's day until `until`.
    event WindowExtended(bytes32 indexed runKey, address indexed account, uint64 until);

    /// @notice This deployment serves as many zones as it can.
    error ZonesFull(bytes32 zone, uint8 max);
    /// @notice A run with another digest is posted under that sequence, or none.
    error RunUnknown(bytes32 runKey, uint16 sequence, bytes32 given, bytes32 stored);
    /// @notice Only the last sequence posted can be disputed.
    error RunNotLatest(bytes32 runKey, uint16 sequence, uint16 latest);
    /// @notice The account's time to dispute the run has passed.
    error WindowClosed(uint64 until, uint256 blockTime);
    /// @notice Only Disputes may lengthen windows.
    error NotDisputes(address caller);

    constructor(address disputes_) {
        disputes = disputes_;
    }

    /// @inheritdoc ISettlement
    function extendWindow(bytes32 runKey, address account, uint64 until) external {
        if (msg.sender != disputes) revert NotDisputes(msg.sender);
        _extend(runKey, account, until);
    }

    /// @inheritdoc ISettlement
    function runKeyOf(bytes32 zone, uint32 day) public view returns (bytes32 runKey) {
        bytes32 tag = RUN_TAG;
        assembly ("memory-safe") {
            // sha256(abi.encode(tag, zone, day)); a day that is not clean here was refused where it was read.
            let p := mload(0x40)
            mstore(p, tag)
            mstore(add(p, 32), zone)
            mstore(add(p, 64), day)
            if iszero(staticcall(gas(), 2, p, 96, 0, 32)) { revert(0, 0) }
            runKey := mload(0)
        }
    }

    /// @notice What is kept of a run; all zero if it is not posted.
    /// @param zone community zone
    /// @param day UTC day number
    /// @param sequence its sequence
    /// @return the run
    function runOf(bytes32 zone, uint32 day, uint16 sequence) external view returns (Run memory) {
        return _runs[runKeyOf(zone, day)][sequence];
    }

    /// @notice Whether exactly this run is posted.
    /// @param input what it claims
    /// @param rowsRoot root over its rows
    /// @return whether the stored digest commits to both
    function isPosted(RunInput calldata input, bytes32 rowsRoot) external view returns (bool) {
        return _runs[runKeyOf(input.zone, input.day)][input.sequence].digest == keccak256(abi.encode(input, rowsRoot));
    }

    /// @notice Block time from which a run can no longer be disputed; 0 if it is not posted.
    /// @param runKey of zone and day
    /// @param sequence its sequence
    /// @return unix seconds
    function finalAt(bytes32 runKey, uint16 sequence) public view returns (uint64) {
        return _runs[runKey][sequence].finalAt;
    }

    /// @notice Whether a run is posted and its window has passed.
    /// @param runKey of zone and day
    /// @param sequence its sequence
    /// @return the answer
    function isFinal(bytes32 runKey, uint16 sequence) external view returns (bool) {
        uint64 end = finalAt(runKey, sequence);
        return end != 0 && block.timestamp >= end;
    }

    /// @inheritdoc ISettlement
    function latestSequence(bytes32 runKey) external view returns (uint16 sequence, bool posted) {
        Run storage first = _runs[runKey][0];
        return (first.latest, first.finalAt != 0);
    }

    /// @inheritdoc ISettlement
    function disputableUntil(bytes32 runKey, address account) public view returns (uint64) {
        uint64 until = _runs[runKey][0].finalAt;
        uint64 own = _windows[runKey][account];
        return own > until ? own : until;
    }

    /// @inheritdoc ISettlement
    /// @dev Reverts if: no such run is posted; a later sequence is; the window has passed.
    function requireDisputable(RunInput calldata input, bytes32 rowsRoot, address account, uint64 atLeastUntil)
        external
        view
        returns (bytes32 runKey)
    {
        uint16 sequence = input.sequence;
        runKey = runKeyOf(input.zone, input.day);
        mapping(uint16 sequence => Run) storage runs = _runs[runKey];
        bytes32 given;
        assembly ("memory-safe") {
            // keccak256(abi.encode(input, rowsRoot)) as both stand in calldata; a word that is not clean has no stored digest.
            let p := mload(0x40)
            calldatacopy(p, input, 288)
            mstore(add(p, 288), rowsRoot)
            given := keccak256(p, 320)
        }
        bytes32 stored = runs[sequence].digest;
        if (given != stored) revert RunUnknown(runKey, sequence, given, stored);
        Run storage first = runs[0];
        (uint64 until, uint16 newest) = (first.finalAt, first.latest);
        if (sequence != newest) revert RunNotLatest(runKey, sequence, newest);
        if (until < atLeastUntil) until = atLeastUntil;
        if (block.timestamp < until) return runKey;
        // Only then does it matter whether the account has longer than others.
        uint64 own = _windows[runKey][account];
        if (own > until) until = own;
        if (block.timestamp >= until) revert WindowClosed(until, block.timestamp);
    }

    /// @dev The zone's number, given with its first run.
    function _numberOf(bytes32 zone) internal returns (uint8 number) {
        number = _zones[zone];
        if (number != 0) return number;
        if (zoneCount == MAX_ZONES) revert ZonesFull(zone, MAX_ZONES);
        number = ++zoneCount;
        _zones[zone] = number;
        emit ZoneNumbered(zone, number);
    }

    /// @dev Lengthens a window; leaves a longer one.
    function _extend(bytes32 runKey, address account, uint64 until) internal {
        if (until <= disputableUntil(runKey, account)) return;
        _windows[runKey][account] = until;
        emit WindowExtended(runKey, account, until);
    }
}
