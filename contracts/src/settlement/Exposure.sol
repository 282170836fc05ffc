// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../interfaces/ISettlement.sol";

/// @title How much of the bond the open runs use
/// @notice Each run counts with the money it moves until it is final. The sum over all runs that are not final may be at
///         most the free bond times a ratio: what the operator could get wrong is what the operator has at stake.
/// @dev Runs become final in the order in which they were posted, so a queue of (finalAt, exposure) suffices. Two share a
///      word: the even position the lower half, finalAt (40 bits) above exposure (88 bits).
abstract contract Exposure is ISettlement {
    /// @dev Final runs taken off the queue per posting: more than one arrives on average, few enough to bound the cost.
    uint256 private constant RELEASED_PER_RUN = 8;
    uint256 private constant AMOUNT_BITS = 88;
    /// @dev No run's exposure is larger.
    uint256 internal constant MAX_EXPOSURE = (1 << AMOUNT_BITS) - 1;

    /// @inheritdoc ISettlement
    uint96 public immutable fixedSum;
    /// @notice The bond counts this many times.
    uint32 public immutable exposureRatio;

    uint128 private _total;
    uint64 private _head;
    uint64 private _tail;
    mapping(uint256 pair => uint256 word) private _queue;

    /// @notice The open runs require more than the free bond carries.
    error BondTooSmall(uint256 exposure, uint256 covered);
    /// @notice The ratio is at least 1.
    error RatioInvalid(uint32 ratio);

    constructor(uint96 fixedSum_, uint32 exposureRatio_) {
        if (exposureRatio_ == 0) revert RatioInvalid(exposureRatio_);
        (fixedSum, exposureRatio) = (fixedSum_, exposureRatio_);
    }

    /// @notice Exposure of all runs that are not final.
    /// @return open token base units
    function openExposure() public view returns (uint256 open) {
        open = _total;
        for (uint256 i = _head; i < _tail; ++i) {
            (uint256 finalAt, uint256 amount) = _entry(_queue[i >> 1], i);
            if (finalAt > block.timestamp) break;
            open -= amount;
        }
    }

    /// @dev Releases final runs, adds one, and reverts if the free bond does not carry the sum.
    function _openExposure(uint256 amount, uint256 window, uint256 bond) internal {
        (uint256 total, uint256 head, uint256 tail) = (_total, _head, _tail);
        for (uint256 i = 0; i < RELEASED_PER_RUN && head < tail; ++i) {
            uint256 word = _queue[head >> 1];
            (uint256 finalAt, uint256 oldest) = _entry(word, head);
            if (finalAt > block.timestamp) break;
            total -= oldest;
            // The upper half goes last, and the word with it.
            if (head & 1 == 1) _queue[head >> 1] = 0;
            ++head;
        }
        total += amount;
        if (total > bond * exposureRatio) revert BondTooSmall(total, bond * exposureRatio);
        uint256 entry = ((block.timestamp + window) << AMOUNT_BITS) | amount;
        if (tail & 1 == 0) _queue[tail >> 1] = entry;
        else _queue[tail >> 1] |= entry << 128;
        (_total, _head, _tail) = (uint128(total), uint64(head), uint64(tail + 1));
    }

    /// @dev The bond that the open runs require, rounded up.
    function _requiredBond() internal view returns (uint256) {
        return (openExposure() + exposureRatio - 1) / exposureRatio;
    }

    /// @dev The half of a word that belongs to a position.
    function _entry(uint256 word, uint256 position) private pure returns (uint256 finalAt, uint256 amount) {
        uint256 half = position & 1 == 0 ? uint128(word) : word >> 128;
        return (half >> AMOUNT_BITS, half & MAX_EXPOSURE);
    }
}
