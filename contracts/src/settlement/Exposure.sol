// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How much of the bond the open runs use
/// @notice Each run counts with the money it moves until it is final. The sum over all runs that are not final may be at
///         most the bond times a ratio: what the operator could get wrong is what the operator has at stake.
/// @dev Runs become final in the order in which they were posted, so a queue of (finalAt, exposure) suffices.
abstract contract Exposure {
    struct Open {
        uint64 finalAt;
        uint128 amount;
    }

    /// @dev Final runs taken off the queue per posting: more than one arrives on average, few enough to bound the cost.
    uint256 private constant RELEASED_PER_RUN = 8;

    /// @notice Token base units withheld per account and open run, for the fixed sum a default pays.
    uint96 public immutable fixedSum;
    /// @notice The bond counts this many times.
    uint32 public immutable exposureRatio;

    uint128 private _total;
    uint64 private _head;
    uint64 private _tail;
    mapping(uint256 position => Open) private _queue;

    /// @notice The open runs require more than the bond carries.
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
        for (uint256 i = _head; i < _tail && _queue[i].finalAt <= block.timestamp; ++i) open -= _queue[i].amount;
    }

    /// @dev Releases final runs, adds one, and reverts if the bond does not carry the sum.
    function _openExposure(uint256 amount, uint256 window, uint256 bond) internal {
        (uint256 total, uint256 head, uint256 tail) = (_total, _head, _tail);
        for (uint256 i = 0; i < RELEASED_PER_RUN && head < tail; ++i) {
            Open memory oldest = _queue[head];
            if (oldest.finalAt > block.timestamp) break;
            total -= oldest.amount;
            delete _queue[head];
            ++head;
        }
        total += amount;
        if (total > bond * exposureRatio) revert BondTooSmall(total, bond * exposureRatio);
        _queue[tail] = Open({finalAt: uint64(block.timestamp + window), amount: uint128(amount)});
        (_total, _head, _tail) = (uint128(total), uint64(head), uint64(tail + 1));
    }

    /// @dev The bond that the open runs require, rounded up.
    function _requiredBond() internal view returns (uint256) {
        return (openExposure() + exposureRatio - 1) / exposureRatio;
    }
}
