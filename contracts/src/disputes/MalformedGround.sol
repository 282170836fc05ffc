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
        uint256 sequence,
        uint256 slot,
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
    // Places that cite log entries: interval and hold; tariff, price and auction.
    uint256 private constant LINE_CITATIONS = 0x012;
    uint256 private constant HEADER_CITATIONS = 0x000c04;
    uint256 private constant LINE_WORDS = 12;

    uint96 private immutable _fixedSum;

    constructor() {
        _fixedSum = settlement.fixedSum();
    }

    /// @notice A line of the point, or a header of the run, is malformed. The account that the point leaf names, its
    ///         delegate, or anyone with its signature over Claim(..., ground 7, ...).
    /// @dev Reverts if: the run is not the last one or its window has passed; a proof fails; the claim lacks standing; the
    ///      leaf is well formed; all of the sum is paid.
    /// @param claim for whom
    /// @param run the run
    /// @param point a point leaf of the account
    /// @param slot at whose place the leaf stands
    /// @param leaf a line if it has 12 words, else a header
    /// @param proof the account's row; without chunks the debit counts as zero
    function malformed(
        Claim calldata claim,
        Openings.Run calldata run,
        Openings.Point calldata point,
        uint32 slot,
        Openings.Leaf calldata leaf,
        RowProofs.RowProof calldata proof
    ) external {
        _requireCheckpoint(run);
        bytes32[] calldata words = leaf.words;
        uint256 place = Openings.placeOf(slot, run.input.day);
        bool right;
        if (words.length == LINE_WORDS) {
            Openings.requireLeaf(Openings.LINE, point.linesRoot, place, leaf);
            right = _areTyped(words, LINE_UINTS, LINE_INDICES, LINE_INTS) && _areCovered(words, LINE_CITATIONS, run);
        } else {
            Openings.requireLeaf(Openings.HEADER, run.input.headersRoot, place, leaf);
            right = _areTyped(words, HEADER_UINTS, HEADER_INDICES, HEADER_INTS)
                && _areCovered(words, HEADER_CITATIONS, run) && _addsUp(words);
        }
        if (right && uint256(words[0]) == slot) revert WellFormed(slot);
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
        uint256 sum = _fixedSum;
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
    function _addsUp(bytes32[] calldata words) private pure returns (bool) {
        unchecked {
            return uint256(words[Statements.HEADER_SOLD])
                == uint256(words[Statements.HEADER_BOUGHT]) + uint256(words[Statements.HEADER_MISMATCH]);
        }
    }

    /// @dev Whether cited entries lie in the run's checkpoint, or none is cited.
    function _areCovered(bytes32[] calldata words, uint256 fields, Openings.Run calldata run)
        private
        pure
        returns (bool)
    {
        uint256 size = run.checkpoint.size;
        for (uint256 i = 0; fields >> i != 0; ++i) {
            if ((fields >> i) & 1 == 0) continue;
            if (uint256(words[i]) >= size && uint256(words[i]) != Words.NONE) return false;
        }
        return true;
    }

    /// @dev Whether words are values of their fields.
    function _areTyped(bytes32[] calldata words, uint256 uints, uint256 indices, uint256 ints)
        private
        pure
        returns (bool)
    {
        for (uint256 i = 0; (uints | indices | ints) >> i != 0; ++i) {
            uint256 word = uint256(words[i]);
            if ((uints >> i) & 1 != 0 && word >= Words.NONE) return false;
            if ((indices >> i) & 1 != 0 && word > Words.NONE) return false;
            if ((ints >> i) & 1 != 0 && int256(word) != int96(int256(word))) return false;
        }
        return true;
    }
}
