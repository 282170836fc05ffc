// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Facts} from "./Facts.sol";
import {Openings} from "./Openings.sol";
import {RowProofs} from "./RowProofs.sol";
import {Statements} from "./Statements.sol";
import {Words} from "./Words.sol";

/// @title Ground 6: sums other than their parts
/// @notice A running total is the one before and its line's amount; a point's net is its last running total; an account's
///         row is the sum of its points. Each sum is claimed once, whatever is claimed about its parts.
abstract contract TotalGround is Facts {
    using Words for bytes32;

    /// @notice A sum is other than its parts: `stated` in the run, `summed` from them; `due` is the difference, `paid` what
    ///         the ledger of remedies added. Point is zero for a row, slot for a row and a point's net.
    event TotalRecomputed(
        bytes32 indexed runKey,
        address indexed account,
        bytes32 indexed point,
        uint256 sequence,
        uint256 slot,
        int256 stated,
        int256 summed,
        uint256 due,
        uint256 paid
    );

    /// @notice That sum was claimed before.
    error TotalClaimed(bytes32 key);
    /// @notice A running total takes its line and, but for the day's first, the line before.
    error LinesWrong(uint256 given);
    /// @notice All points of the account are opened, at least as many as the leaves, or the least of them, say there are.
    error PointsWrong(uint256 given, uint256 expected);
    /// @notice Points are opened in ascending order of their places.
    error PointsUnordered(uint256 position, uint256 previous);

    /// @dev What a sum is over: its word of the key.
    uint256 private constant RUNNING_TOTAL = 1;
    uint256 private constant DAY_NET = 2;
    uint256 private constant ROW = 3;
    uint256 private constant LAST_PLACE = Openings.SLOTS_PER_DAY - 1;

    address private immutable _supplier;
    address private immutable _fee;
    address private immutable _dust;
    address private immutable _balancing;

    /// @dev A sum under claim.
    struct Total {
        bytes32 runKey;
        uint256 sequence;
        uint256 over;
        address account;
        bytes32 point;
        uint256 slot;
        int256 stated;
        int256 summed;
    }

    mapping(bytes32 key => bool) private _claimed;

    constructor() {
        (_supplier, _fee) = (escrow.supplier(), escrow.fee());
        (_dust, _balancing) = (escrow.dust(), escrow.balancingAccount());
    }

    /// @notice A running total is less than the one before and its line's amount. The account that the point leaf names, its
    ///         delegate, or anyone with its signature over Claim(..., ground 6, ...), slot being the line's.
    /// @dev Reverts if: the run is not the last one or its window has passed; a proof fails; the claim lacks standing; the
    ///      lines do not follow each other; nothing is lacking; the sum was claimed before.
    /// @param claim for whom
    /// @param run the run
    /// @param point the point leaf
    /// @param lines the line before and the line; of the day's first slot the line alone
    function runningTotal(
        Claim calldata claim,
        Openings.Run calldata run,
        Openings.Point calldata point,
        Openings.Line[] calldata lines
    ) external {
        if (lines.length == 0 || lines.length > 2) revert LinesWrong(lines.length);
        Openings.Line calldata line = lines[lines.length - 1];
        uint256 slot = line.words[Statements.LINE_SLOT].asUint();
        bytes32 runKey = _openPoint(claim, run, point, slot, TOTAL);
        uint256 place = _requireLine(run, point, line, slot);
        if ((place == 0) != (lines.length == 1)) revert LinesWrong(lines.length);
        int256 summed = line.words[Statements.LINE_AMOUNT].asInt();
        if (place != 0) {
            _requireLine(run, point, lines[0], slot - 1);
            summed += lines[0].words[Statements.LINE_TOTAL].asInt();
        }
        int256 stated = line.words[Statements.LINE_TOTAL].asInt();
        _settleTotal(Total(runKey, run.input.sequence, RUNNING_TOTAL, claim.account, point.point, slot, stated, summed));
    }

    /// @notice A point's net is less than its last running total. Slot of the claim is zero.
    /// @dev Reverts as {runningTotal} does.
    /// @param claim for whom
    /// @param run the run
    /// @param point the point leaf
    /// @param last the line of the day's last slot
    function dayNet(
        Claim calldata claim,
        Openings.Run calldata run,
        Openings.Point calldata point,
        Openings.Line calldata last
    ) external {
        bytes32 runKey = _openPoint(claim, run, point, 0, TOTAL);
        _requireLine(run, point, last, uint256(run.input.day) * Openings.SLOTS_PER_DAY + LAST_PLACE);
        int256 summed = last.words[Statements.LINE_TOTAL].asInt();
        _settleTotal(
            Total(runKey, run.input.sequence, DAY_NET, claim.account, point.point, 0, point.dayNet, summed)
        );
    }

    /// @notice An account's row, or its lack of one, gives it less than its points do. Point and slot of the claim are zero.
    /// @dev Reverts as {runningTotal} does, and if: not all points of the account are opened, in ascending order of their
    ///      places; the row, or the place where it would stand, is not shown; the account is a system account.
    /// @param claim for whom
    /// @param run the run
    /// @param points all point leaves of the account
    /// @param proof the row
    function row(
        Claim calldata claim,
        Openings.Run calldata run,
        Openings.Point[] calldata points,
        RowProofs.RowProof calldata proof
    ) external {
        address account = claim.account;
        bytes32 runKey = _requireRun(run, account, 0);
        _requireClaim(claim, runKey, run.input.sequence, 0, 0, TOTAL);
        int256 summed = _sumOf(run, runKey, account, points);
        int256 stated = _netOf(run, account, proof);
        _settleTotal(Total(runKey, run.input.sequence, ROW, account, 0, 0, stated, summed));
    }

    /// @dev Pays what a sum lacks, once.
    function _settleTotal(Total memory t) private {
        if (t.summed <= t.stated) revert NothingToPay(t.summed, t.stated, 0);
        bytes32 key = keccak256(abi.encode(t.runKey, t.sequence, t.over, t.account, t.point, t.slot));
        if (_claimed[key]) revert TotalClaimed(key);
        _claimed[key] = true;
        uint256 due = uint256(t.summed - t.stated);
        uint256 paid = _pay(t.runKey, t.sequence, t.account, due);
        emit TotalRecomputed(t.runKey, t.account, t.point, t.sequence, t.slot, t.stated, t.summed, due, paid);
    }

    /// @dev The row's net of a member.
    function _netOf(Openings.Run calldata run, address account, RowProofs.RowProof calldata proof)
        internal
        view
        returns (int256)
    {
        address[4] memory system = [_supplier, _fee, _dust, _balancing];
        return RowProofs.netOf(proof, run.rowsRoot, account, system);
    }

    /// @dev Sum of the nets of all points of an account. Every leaf of an honest run says the same count. Where they differ the
    ///      least counts, and more may be opened than that: a count that is wrong must not keep the row from being claimed.
    function _sumOf(Openings.Run calldata run, bytes32 runKey, address account, Openings.Point[] calldata points)
        private
        view
        returns (int256 sum)
    {
        (uint256 next, uint256 least) = (0, type(uint256).max);
        for (uint256 i = 0; i < points.length; ++i) {
            Openings.Point calldata point = points[i];
            if (point.account != account) revert NotTheAccounts(account, point.account);
            uint256 counted = point.accountPoints;
            if (counted < least) least = counted;
            if (point.position < next) revert PointsUnordered(point.position, next - 1);
            next = uint256(point.position) + 1;
            Openings.requirePoint(run, runKey, point);
            sum += point.dayNet;
        }
        if (points.length == 0) revert PointsWrong(0, 1);
        if (points.length < least) revert PointsWrong(points.length, least);
    }

    /// @dev Opens a point for the account that its leaf names.
    function _openPoint(
        Claim calldata claim,
        Openings.Run calldata run,
        Openings.Point calldata point,
        uint256 slot,
        uint256 ground
    ) internal returns (bytes32 runKey) {
        runKey = _requireRun(run, claim.account, 0);
        if (claim.account != point.account) revert NotTheAccounts(claim.account, point.account);
        Openings.requirePoint(run, runKey, point);
        _requireClaim(claim, runKey, run.input.sequence, point.point, slot, ground);
    }

    /// @dev A line of the point at a slot; returns its place.
    function _requireLine(
        Openings.Run calldata run,
        Openings.Point calldata point,
        Openings.Line calldata line,
        uint256 slot
    ) private view returns (uint256 place) {
        _requireSame(line.words[Statements.LINE_SLOT], bytes32(slot));
        place = Openings.placeOf(slot, run.input.day);
        Openings.requireLine(point.linesRoot, place, line);
    }
}
