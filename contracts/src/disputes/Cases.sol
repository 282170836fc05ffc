// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccounts} from "../../interfaces/IAccounts.sol";
import {IEscrow} from "../../interfaces/IEscrow.sol";
import {IRecordAnchor} from "../../interfaces/IRecordAnchor.sol";
import {ISettlement} from "../../interfaces/ISettlement.sol";
import {SignedActions} from "../escrow/SignedActions.sol";
import {Openings} from "./Openings.sol";
import {Standing} from "./Standing.sol";

/// @title The book of cases: what all of them share
/// @notice A case has an account, a run, a point, a state, and in every state that is not final a deadline after which
///         anyone may move it on. While it is open it keeps a part of the bond. Nothing here can be paused.
/// @dev Against many open cases: an account has at most `maxOpenCases`. Against an empty bond: a case is opened and reserves all
///      the same, and what the bond lacks when it pays waits in the escrow's queue. Against stopping runs: a case reserves
///      no more than it can pay, so that an account holds back at most maxOpenCases * max(contestLimit, debit, fixedSum) of
///      what covers new runs, and the bond can always be topped up. Against reentrancy: the
///      only contracts called are this deployment's own, and a wallet's ERC-1271 check by staticcall before any change.
abstract contract Cases is Standing {
    /// @notice Where a case stands. Opened and all after AtPanel are final.
    enum State {
        None,
        Demanded,
        Opened,
        AtMeterData,
        Answered,
        AtPanel,
        Upheld,
        Corrected,
        Defaulted,
        Rejected
    }

    /// @notice What a deployment fixes. Times in seconds, money in token base units, energy in watt-hours.
    struct Terms {
        uint256 responseTime; // of the operator, to open what is demanded
        uint256 extraTime; // of the account after that, to use what was opened
        uint256 meterDataTime; // of the meter-data responsible
        uint256 appealTime; // of the account after a rejection
        uint256 panelTime; // of the panel
        uint256 deposit; // returned whenever a demand ends
        uint256 contestLimit; // most that one case can pay by silence or ruling
        uint256 maxSlotWh; // most energy that a contest can claim for one slot and direction
        uint256 maxOpenCases; // of one account
    }

    /// @notice A case.
    struct Case {
        address account;
        uint64 deadline; // from this block time on anyone may move it on; 0 in a final state
        uint16 sequence; // of the run
        State state;
        bytes32 runKey;
        bytes32 point; // zero in a demand: any point of the account
        uint96 sum; // what a default raises the day's remedies to, or what a contest claims
        uint96 reserved; // part of the bond that is kept for it
    }

    /// @notice Holds deposits, bond and the ledger of remedies.
    IEscrow public immutable escrow;
    /// @notice Knows the runs and their windows.
    ISettlement public immutable settlement;
    /// @notice Knows the log's checkpoints.
    IRecordAnchor public immutable recordAnchor;

    uint256 internal immutable _responseTime;
    uint256 internal immutable _extraTime;
    uint256 internal immutable _meterDataTime;
    uint256 internal immutable _appealTime;
    uint256 internal immutable _panelTime;
    uint256 internal immutable _deposit;
    uint256 internal immutable _contestLimit;
    uint256 internal immutable _maxSlotWh;
    uint256 internal immutable _maxOpenCases;
    uint256 internal immutable _fixedSum;

    /// @notice Cases opened so far; they are numbered from 1.
    uint256 public caseCount;
    /// @notice Open cases of an account.
    mapping(address account => uint256) public openCases;

    mapping(uint256 id => Case) internal _cases;

    /// @notice A case reached a final state; `paid` is what that added to the account's remedies.
    event CaseClosed(uint256 indexed id, State state, uint256 paid);

    /// @notice The account has as many open cases as it may.
    error TooManyOpenCases(address account, uint256 open);
    /// @notice The case is in a state that has no such step.
    error StateWrong(uint256 id, State state);
    /// @notice The party's time is over.
    error DeadlinePassed(uint256 id, uint64 deadline, uint256 blockTime);
    /// @notice The party's time is not over.
    error DeadlineNotReached(uint256 id, uint64 deadline, uint256 blockTime);
    /// @notice The checkpoint is not the run's, or was not anchored as it is given.
    error CheckpointWrong(uint64 seq, uint64 cited);
    /// @notice The BINDING gives the point to another account, or, with a zero here, to another zone.
    error BoundToAnother(address bound, address account);
    /// @notice A time or a limit of the terms is zero, or larger than what it limits.
    error TermsInvalid();

    constructor(
        IAccounts accounts_,
        IEscrow escrow_,
        ISettlement settlement_,
        IRecordAnchor recordAnchor_,
        Terms memory given
    ) SignedActions(accounts_) {
        if (
            given.responseTime == 0 || given.extraTime == 0 || given.meterDataTime == 0 || given.appealTime == 0
                || given.panelTime == 0 || given.contestLimit == 0 || given.maxSlotWh == 0 || given.maxOpenCases == 0
                || given.deposit > type(uint96).max || given.contestLimit > type(uint80).max
                || given.maxSlotWh > type(uint40).max
        ) revert TermsInvalid();
        uint256 times =
            given.responseTime | given.extraTime | given.meterDataTime | given.appealTime | given.panelTime;
        if (times > type(uint32).max) revert TermsInvalid();
        (escrow, settlement, recordAnchor) = (escrow_, settlement_, recordAnchor_);
        (_responseTime, _extraTime, _meterDataTime) = (given.responseTime, given.extraTime, given.meterDataTime);
        (_appealTime, _panelTime) = (given.appealTime, given.panelTime);
        (_deposit, _contestLimit) = (given.deposit, given.contestLimit);
        (_maxSlotWh, _maxOpenCases) = (given.maxSlotWh, given.maxOpenCases);
        _fixedSum = settlement_.fixedSum();
    }

    /// @notice What this deployment fixes.
    /// @return the terms
    function terms() external view returns (Terms memory) {
        return Terms({
            responseTime: _responseTime,
            extraTime: _extraTime,
            meterDataTime: _meterDataTime,
            appealTime: _appealTime,
            panelTime: _panelTime,
            deposit: _deposit,
            contestLimit: _contestLimit,
            maxSlotWh: _maxSlotWh,
            maxOpenCases: _maxOpenCases
        });
    }

    /// @dev An account's own address speaks for it only as long as it signs for it: a wallet key that was replaced could
    ///      else spend the account's cases, slots and deposit.
    function _actsFor(address account) internal view override returns (bool) {
        return accounts.isDelegate(account, msg.sender);
    }

    /// @dev Requires the run to be the last one posted, the account's window to be open, and the checkpoint to be the run's.
    function _requireRun(Openings.Run calldata run, address account) internal view returns (bytes32 runKey) {
        runKey = settlement.requireDisputable(run.input, run.rowsRoot, account, 0);
        if (run.checkpoint.seq != run.input.checkpoint || !recordAnchor.isAnchored(run.checkpoint)) {
            revert CheckpointWrong(run.checkpoint.seq, run.input.checkpoint);
        }
    }

    /// @dev Opens a case and keeps a part of the bond for what it can still pay.
    function _openCase(Case memory opened, uint256 payable_) internal returns (uint256 id) {
        uint256 open = openCases[opened.account];
        if (open >= _maxOpenCases) revert TooManyOpenCases(opened.account, open);
        openCases[opened.account] = open + 1;
        opened.reserved = uint96(payable_);
        id = ++caseCount;
        _cases[id] = opened;
        if (payable_ != 0) escrow.reserveBond(payable_);
    }

    /// @dev Puts a case into a final state, once, and frees what was kept for it. What it pays is paid after this.
    function _closeCase(Case storage found, State state) internal {
        uint256 kept = found.reserved;
        found.state = state;
        found.deadline = 0;
        found.reserved = 0;
        --openCases[found.account];
        if (kept != 0) escrow.releaseBond(kept);
    }

    /// @dev The case, if it is in that state and the party still has time.
    function _inTime(uint256 id, State state) internal view returns (Case storage found) {
        found = _cases[id];
        if (found.state != state) revert StateWrong(id, found.state);
        if (block.timestamp >= found.deadline) revert DeadlinePassed(id, found.deadline, block.timestamp);
    }

    /// @dev Requires that the party's time is over.
    function _requireOverdue(uint256 id, Case storage found) internal view {
        if (block.timestamp < found.deadline) revert DeadlineNotReached(id, found.deadline, block.timestamp);
    }

    /// @dev A deadline that many seconds from now.
    function _from(uint256 time) internal view returns (uint64) {
        return uint64(block.timestamp + time);
    }
}
