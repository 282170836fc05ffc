// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IRecomputation} from "../../interfaces/IRecomputation.sol";
import {Amounts} from "./Amounts.sol";
import {Cases} from "./Cases.sol";
import {Openings} from "./Openings.sol";
import {Words} from "./Words.sol";

/// @title Contests: energy that the log itself has wrong
/// @notice Tier 1. A record was transcribed otherwise than its signed bytes say, a binding is wrong, a substitute value is:
///         nothing of that can be recomputed from the log, so the meter-data responsible answers. His silence upholds the
///         claim of who holds signed bytes, and sends any other to the panel; his rejection can be appealed.
/// @dev Against absurd energy: what a case pays is computed with the posted trade and prices when it is opened, and refused
///      above `contestLimit`, so that no later claim about the slot inherits more; a slot and direction has at most
///      `maxSlotWh`. Against asking again: a slot is contested once per sequence. Against a correction that buries a case: a
///      case closes as CORRECTED only when a later sequence stands, its slot may then be contested again, and the account's
///      window is lengthened for that; corrections have a last day, cases do not. `signedBytes` is a promise that the bytes
///      behind `evidenceHash` exist; who lies about it wins by silence alone, and at most the limit.
abstract contract Contests is Cases, AccessManaged {
    using Words for bytes32;

    /// @notice The statement that is contested.
    struct Statement {
        Openings.Point point;
        Openings.Line line;
        Openings.Header header;
    }

    /// @notice What the account says instead.
    struct Finding {
        uint32 slot; // UTC slot number
        uint40 importWh;
        uint40 exportWh;
        bytes32 evidenceHash; // sha256 of what it goes to show, kept off chain
        bool signedBytes; // the evidence holds bytes that the meter signed
    }

    /// @notice What a contest has beside its case.
    struct Contest {
        uint32 slot;
        uint40 importWh;
        uint40 exportWh;
        bool signedBytes;
        uint8 upholds; // votes of the panel
        uint8 rejects;
    }

    bytes32 private constant CONTEST_TYPEHASH = keccak256(
        "Contest(address account,bytes32 runKey,uint16 sequence,bytes32 point,uint32 slot,uint40 importWh,uint40 exportWh,bytes32 evidenceHash,bool signedBytes,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant APPEAL_TYPEHASH =
        keccak256("Appeal(address account,uint256 caseId,uint256 nonce,uint256 deadline)");

    /// @notice Takes the energy that an upheld case found, and pays.
    IRecomputation public immutable recomputation;

    mapping(uint256 id => Contest) internal _contests;
    mapping(bytes32 statement => uint256 slots) private _contested;

    /// @notice A slot's energy is contested; the meter-data responsible has until `deadline`.
    event ContestMade(
        uint256 indexed id,
        address indexed account,
        bytes32 indexed runKey,
        uint16 sequence,
        bytes32 point,
        Finding finding,
        uint256 sum,
        uint64 deadline
    );
    /// @notice The meter-data responsible answered; `rulingHash` is of the reasons.
    event CaseAnswered(uint256 indexed id, bool uphold, bytes32 rulingHash);
    /// @notice The case is before the panel until `deadline`: appealed, or not answered.
    event CaseAtPanel(uint256 indexed id, bool appealed, uint64 deadline);

    /// @notice The point leaf names another account.
    error PointOfAnother(bytes32 point, address account);
    /// @notice The line at that place says another slot; {IRecomputation} has a ground for that.
    error LineOfAnotherSlot(uint256 given, uint32 slot);
    /// @notice More energy than a slot can have.
    error EnergyTooLarge(uint40 importWh, uint40 exportWh, uint40 max);
    /// @notice The claimed energy gives no more than what is posted.
    error NothingOwed(int256 recomputed, int256 posted);
    /// @notice The claimed energy gives more than a case may pay. Less of it can be claimed.
    error AboveContestLimit(uint256 sum, uint256 limit);
    /// @notice The slot was contested before under this sequence.
    error SlotContestedBefore(bytes32 point, uint32 slot);

    constructor(IRecomputation recomputation_) {
        recomputation = recomputation_;
    }

    /// @notice What a contest has beside its case; all zero if the number is not a contest's.
    /// @param id of the case
    /// @return the contest
    function contestOf(uint256 id) external view returns (Contest memory) {
        return _contests[id];
    }

    /// @notice Contests the energy of one slot of a statement.
    /// @dev Reverts if: the claim has no standing; the run is not the last one posted, or the account's window has passed;
    ///      the checkpoint is not the run's; point, line or header is not the run's; the point is another account's; the line
    ///      says another slot; the energy is too large, or gives no more than posted or more than a case may pay; the slot
    ///      was contested before; the account has too many open cases.
    /// @param claim for whom; signed as Contest
    /// @param run the last one posted
    /// @param statement point leaf, line and header of the slot
    /// @param finding what the account says instead
    /// @return id number of the case
    function contest(
        Claim calldata claim,
        Openings.Run calldata run,
        Statement calldata statement,
        Finding calldata finding
    ) external returns (uint256 id) {
        Case memory opened;
        opened.runKey = _requireRun(run, claim.account);
        (opened.account, opened.sequence) = (claim.account, run.input.sequence);
        (opened.point, opened.state) = (statement.point.point, State.AtMeterData);
        opened.deadline = _from(_meterDataTime);
        _requireStanding(claim, _contestHash(claim, opened, finding));
        _requireStatement(run, opened, statement, finding.slot);
        _spendSlot(opened, finding.slot, run.input.day);
        opened.sum = _owed(statement, finding);
        id = _openCase(opened, opened.sum);
        Contest storage made = _contests[id];
        (made.slot, made.signedBytes) = (finding.slot, finding.signedBytes);
        (made.importWh, made.exportWh) = (finding.importWh, finding.exportWh);
        emit ContestMade(
            id, opened.account, opened.runKey, opened.sequence, opened.point, finding, opened.sum, opened.deadline
        );
    }

    /// @notice Answers a contest. Meter-data responsible only.
    /// @dev Reverts if: the caller lacks the role; the case waits for no answer or its time is over. Closes the case as
    ///      CORRECTED instead if a later sequence stands.
    /// @param id of the case
    /// @param uphold whether the claimed energy is right
    /// @param rulingHash sha256 of the reasons
    function answer(uint256 id, bool uphold, bytes32 rulingHash) external restricted {
        Case storage found = _inTime(id, State.AtMeterData);
        if (_closeCorrected(id, found)) return;
        emit CaseAnswered(id, uphold, rulingHash);
        if (uphold) return _uphold(id, found);
        (found.state, found.deadline) = (State.Answered, _from(_appealTime));
    }

    /// @notice Brings a rejected contest before the panel.
    /// @dev Reverts if: the claim is not the case's account's or has no standing; the case was not answered or its time is
    ///      over. Closes the case as CORRECTED instead if a later sequence stands.
    /// @param claim for whom; signed as Appeal
    /// @param id of the case
    function appeal(Claim calldata claim, uint256 id) external {
        Case storage found = _inTime(id, State.Answered);
        if (claim.account != found.account) revert PointOfAnother(found.point, found.account);
        _requireStanding(
            claim, keccak256(abi.encode(APPEAL_TYPEHASH, claim.account, id, claim.nonce, claim.deadline))
        );
        if (!_closeCorrected(id, found)) _sendToPanel(id, found, true);
    }

    /// @dev Moves a contest on whose party was silent, or closes it if a later sequence stands.
    function _moveOn(uint256 id, Case storage found) internal {
        if (_closeCorrected(id, found)) return;
        _requireOverdue(id, found);
        State state = found.state;
        if (state == State.Answered) return _reject(id, found);
        if (state == State.AtMeterData && !_contests[id].signedBytes) return _sendToPanel(id, found, false);
        _uphold(id, found);
    }

    /// @dev Final: the energy is taken as claimed, and paid at once.
    function _uphold(uint256 id, Case storage found) internal {
        _closeCase(found, State.Upheld);
        Contest storage made = _contests[id];
        uint256 paid = recomputation.establish(
            found.runKey,
            found.sequence,
            found.point,
            made.slot,
            found.account,
            made.importWh,
            made.exportWh,
            found.sum
        );
        emit CaseClosed(id, State.Upheld, paid);
    }

    /// @dev Final: nothing is owed.
    function _reject(uint256 id, Case storage found) internal {
        _closeCase(found, State.Rejected);
        emit CaseClosed(id, State.Rejected, 0);
    }

    /// @dev Final, if a later sequence than the contested one stands: that one may be contested in turn.
    function _closeCorrected(uint256 id, Case storage found) internal returns (bool) {
        (uint16 latest,) = settlement.latestSequence(found.runKey);
        if (latest == found.sequence) return false;
        _closeCase(found, State.Corrected);
        settlement.extendWindow(found.runKey, found.account, _from(_responseTime));
        emit CaseClosed(id, State.Corrected, 0);
        return true;
    }

    function _sendToPanel(uint256 id, Case storage found, bool appealed) private {
        uint64 deadline = _from(_panelTime);
        (found.state, found.deadline) = (State.AtPanel, deadline);
        emit CaseAtPanel(id, appealed, deadline);
    }

    /// @dev Point, line and header are the run's, the point is the account's, the line is the slot's.
    function _requireStatement(
        Openings.Run calldata run,
        Case memory opened,
        Statement calldata statement,
        uint32 slot
    ) private view {
        address account = statement.point.account;
        if (account != opened.account) revert PointOfAnother(opened.point, account);
        uint256 place = Openings.placeOf(slot, run.input.day);
        Openings.requirePoint(run, opened.runKey, statement.point);
        Openings.requireLine(statement.point.linesRoot, place, statement.line);
        Openings.requireHeader(run.input.headersRoot, place, statement.header);
        uint64 stated = statement.line.words[0].asUint();
        if (stated != slot) revert LineOfAnotherSlot(stated, slot);
    }

    /// @dev Marks a slot of a statement as contested.
    function _spendSlot(Case memory opened, uint32 slot, uint32 day) private {
        bytes32 key = keccak256(abi.encode(opened.runKey, opened.sequence, opened.point));
        uint256 bit = 1 << Openings.placeOf(slot, day);
        if (_contested[key] & bit != 0) revert SlotContestedBefore(opened.point, slot);
        _contested[key] |= bit;
    }

    /// @dev What the claimed energy gives beyond the posted amount, within the limits of a case.
    function _owed(Statement calldata statement, Finding calldata finding) private view returns (uint96) {
        if (finding.importWh > _maxSlotWh || finding.exportWh > _maxSlotWh) {
            revert EnergyTooLarge(finding.importWh, finding.exportWh, _maxSlotWh);
        }
        int256 recomputed =
            Amounts.withEnergy(finding.importWh, finding.exportWh, statement.line, statement.header);
        int256 posted = statement.line.words[9].asInt();
        if (recomputed <= posted) revert NothingOwed(recomputed, posted);
        uint256 sum = uint256(recomputed - posted);
        if (sum > _contestLimit) revert AboveContestLimit(sum, _contestLimit);
        return uint96(sum);
    }

    /// @dev EIP-712 struct hash of the signed message.
    function _contestHash(Claim calldata claim, Case memory opened, Finding calldata finding)
        private
        pure
        returns (bytes32)
    {
        return keccak256(
            bytes.concat(
                abi.encode(CONTEST_TYPEHASH, claim.account, opened.runKey, opened.sequence, opened.point),
                // The finding's five members, each a word, in the message's order.
                abi.encode(finding, claim.nonce, claim.deadline)
            )
        );
    }
}
