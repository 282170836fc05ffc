// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Openings} from "./Openings.sol";
import {RowProofs} from "./RowProofs.sol";
import {Statements} from "./Statements.sol";
import {TotalGround} from "./TotalGround.sol";
import {Words} from "./Words.sol";

/// @title Ground 7: a tree that no honest writer makes
/// @notice A line or header at the place of one slot says another, holds a word that is no value of its field, or cites an
///         entry outside the checkpoint; a header's sums do not add up. No amount can be computed from it, so it pays as a
///         default does: the day's debit, or the fixed sum where that is more.
abstract contract MalformedGround is TotalGround {
    using Words for bytes32;

    /// @notice The leaf at `slot` is malformed: the account is to have `sum` for the day; `paid` is what the ledger of
    ///         remedies added.
    event MalformedShown(
        bytes32 indexed runKey,
        address indexed account,
        bytes32 indexed point,
        uint16 sequence,
        uint32 slot,
        uint256 sum,
        uint256 paid
    );

    /// @notice Nothing is wrong with the form of the leaf.
    error WellFormed(uint256 slot);

    // The types of words, a bit for each place from the lowest; all others are `bytes32`, the salt among them.
    uint256 private constant LINE_UINTS = 0x1e3;
    uint256 private constant LINE_INDICES = 0x018;
    uint256 private constant LINE_INTS = 0x600;
    uint256 private constant HEADER_UINTS = 0x01b3cd;
    uint256 private constant HEADER_INDICES = 0x000c00;
    uint256 private constant HEADER_INTS = 0x0e4032;

    /// @notice A line of the point is malformed. The account that the point leaf names, its delegate, or anyone with its
    ///         signature over Claim(..., ground 7, ...).
    /// @dev Reverts if: the run is not the last one or its window has passed; a proof fails; the claim lacks standing; the
    ///      leaf is well formed; all of the sum is paid.
    /// @param claim for whom
    /// @param run the run
    /// @param point the point leaf
    /// @param slot at whose place the line stands
    /// @param line the line
    /// @param proof the account's row; without chunks the debit counts as zero
    function malformedLine(
        Claim calldata claim,
        Openings.Run calldata run,
        Openings.Point calldata point,
        uint32 slot,
        Openings.Line calldata line,
        RowProofs.RowProof calldata proof
    ) external {
        Openings.requireLine(point.linesRoot, Openings.placeOf(slot, run.input.day), line);
        bytes32[12] calldata words = line.words;
        uint256 start;
        assembly {
            start := words
        }
        bool wellFormed = uint256(words[Statements.LINE_SLOT]) == slot
            && _areTyped(start, LINE_UINTS, LINE_INDICES, LINE_INTS)
            && _isCovered(words[Statements.LINE_INTERVAL], run) && _isCovered(words[Statements.LINE_HOLD], run);
        if (wellFormed) revert WellFormed(slot);
        _default(claim, run, point, slot, proof);
    }

    /// @notice A header of the run is malformed.
    /// @dev Reverts as {malformedLine} does.
    /// @param claim for whom
    /// @param run the run
    /// @param point a point leaf of the account
    /// @param slot at whose place the header stands
    /// @param header the header
    /// @param proof the account's row; without chunks the debit counts as zero
    function malformedHeader(
        Claim calldata claim,
        Openings.Run calldata run,
        Openings.Point calldata point,
        uint32 slot,
        Openings.Header calldata header,
        RowProofs.RowProof calldata proof
    ) external {
        Openings.requireHeader(run.input.headersRoot, Openings.placeOf(slot, run.input.day), header);
        bytes32[21] calldata words = header.words;
        uint256 start;
        assembly {
            start := words
        }
        bool wellFormed = uint256(words[Statements.HEADER_SLOT]) == slot
            && _areTyped(start, HEADER_UINTS, HEADER_INDICES, HEADER_INTS) && _addsUp(words)
            && _isCovered(words[Statements.HEADER_TARIFF_INDEX], run)
            && _isCovered(words[Statements.HEADER_PRICE_INDEX], run)
            && _isCovered(words[Statements.HEADER_AUCTION_INDEX], run);
        if (wellFormed) revert WellFormed(slot);
        _default(claim, run, point, slot, proof);
    }

    /// @dev Pays as a default.
    function _default(
        Claim calldata claim,
        Openings.Run calldata run,
        Openings.Point calldata point,
        uint32 slot,
        RowProofs.RowProof calldata proof
    ) private {
        bytes32 runKey = _openPoint(claim, run, point, slot, MALFORMED);
        uint256 sum = settlement.fixedSum();
        if (proof.chunks.length != 0) {
            int256 net = _netOf(run, claim.account, proof);
            uint256 cap = escrow.capOn(claim.account, run.input.day);
            uint256 debit = net < 0 ? uint256(-net) : 0;
            if (debit > cap) debit = cap;
            if (debit > sum) sum = debit;
        }
        uint256 paid = escrow.payDefault(runKey, run.input.sequence, claim.account, sum);
        if (paid == 0) revert NothingToPay(int256(sum), 0, sum);
        emit MalformedShown(runKey, claim.account, point.point, run.input.sequence, slot, sum, paid);
    }

    /// @dev Whether sold is bought and mismatch; all three are typed.
    function _addsUp(bytes32[21] calldata words) private pure returns (bool) {
        int256 bought = int256(uint256(words[Statements.HEADER_BOUGHT]));
        int256 sold = int256(uint256(words[Statements.HEADER_SOLD]));
        return sold == bought + int256(uint256(words[Statements.HEADER_MISMATCH]));
    }

    /// @dev Whether a cited entry lies in the run's checkpoint, or none is cited.
    function _isCovered(bytes32 index, Openings.Run calldata run) private pure returns (bool) {
        return uint256(index) < run.checkpoint.size || uint256(index) == Words.NONE;
    }

    /// @dev Whether words of calldata from `start` are values of their fields.
    function _areTyped(uint256 start, uint256 uints, uint256 indices, uint256 ints) private pure returns (bool) {
        uint256 all = uints | indices | ints;
        for (uint256 i = 0; all >> i != 0; ++i) {
            uint256 word;
            assembly {
                word := calldataload(add(start, mul(i, 32)))
            }
            uint256 field = 1 << i;
            if (uints & field != 0 && word >= Words.NONE) return false;
            if (indices & field != 0 && word > Words.NONE) return false;
            if (ints & field != 0 && int256(word) != int96(int256(word))) return false;
        }
        return true;
    }
}
