// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Contests} from "./Contests.sol";

/// @title The panel
/// @notice Tier 2. Two equal votes of its members decide; at the deadline a case that is not decided is upheld.
/// @dev Against voting twice: a member's vote is kept by address, and a member who calls through the AccessManager, which
///      would be the caller then, is refused. Against voting for both sides: the same. Who hands out the role can replace a
///      member between two votes; that takes the admin's delay, and every grant is an event.
abstract contract Panel is Contests {
    /// @dev Equal votes that decide.
    uint256 private constant MAJORITY = 2;

    mapping(uint256 id => mapping(address member => bool)) private _voted;

    /// @notice A member of the panel voted; `rulingHash` is of the reasons.
    event VoteCast(uint256 indexed id, address indexed member, bool uphold, bytes32 rulingHash);

    /// @notice A member votes once.
    error VotedBefore(uint256 id, address member);
    /// @notice Members call by themselves, not through the AccessManager.
    error VoteNotDirect(address caller);

    /// @notice Votes on a case. Panel only; the second of two equal votes decides.
    /// @dev Reverts if: the caller lacks the role, voted before or calls through the AccessManager; the case is not before
    ///      the panel or its time is over. Closes the case as CORRECTED instead if a later sequence stands.
    /// @param id of the case
    /// @param uphold whether the claimed energy is right
    /// @param rulingHash sha256 of the reasons
    function vote(uint256 id, bool uphold, bytes32 rulingHash) external restricted {
        if (msg.sender == authority()) revert VoteNotDirect(msg.sender);
        Case storage found = _inTime(id, State.AtPanel);
        if (_voted[id][msg.sender]) revert VotedBefore(id, msg.sender);
        if (_closeCorrected(id, found)) return;
        _voted[id][msg.sender] = true;
        emit VoteCast(id, msg.sender, uphold, rulingHash);
        Contest storage made = _contests[id];
        if (uphold) {
            if (++made.upholds == MAJORITY) _uphold(id, found);
        } else {
            if (++made.rejects == MAJORITY) _reject(id, found);
        }
    }
}
