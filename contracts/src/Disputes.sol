// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccounts} from "../interfaces/IAccounts.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";
import {IRecomputation} from "../interfaces/IRecomputation.sol";
import {IRecordAnchor} from "../interfaces/IRecordAnchor.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Answers} from "./disputes/Answers.sol";
import {Cases} from "./disputes/Cases.sol";
import {Contests} from "./disputes/Contests.sol";
import {Panel} from "./disputes/Panel.sol";
import {Unposted} from "./disputes/Unposted.sol";

/// @title Disputes that need time: demands, contests, days not posted
/// @notice Every case has a party whose turn it is and a deadline; from the deadline on anyone may call {close}, and silence
///         favours the account. What is upheld or defaulted is paid in the same call, out of the bond; what the bond lacks
///         is queued by the escrow. No case waits for the operator, none stops a run, none can be paused. The states are
///         those of docs/PROTOCOL.md section 5 and of `grid.domain.disputes`.
contract Disputes is Answers, Panel, Unposted {
    /// @dev Time between the last ruling and the last moment for a correction.
    uint256 private constant CORRECTION_SLACK = 7 days;

    /// @notice The escrow was built for other contracts.
    error EscrowServesAnother(address disputes, address recomputation);
    /// @notice Corrections must be possible until every dispute about the initial run is decided, and a week longer.
    error CorrectionLagTooShort(uint256 lag, uint256 required);

    /// @param authority the AccessManager that knows the meter-data responsible and the panel
    /// @param accounts knows signers and delegates
    /// @param escrow holds deposits and bond; built for this contract's address
    /// @param settlement knows the runs
    /// @param recordAnchor knows the checkpoints
    /// @param recomputation takes what upheld cases found
    /// @param given times, sums and limits
    constructor(
        address authority,
        IAccounts accounts,
        IEscrow escrow,
        ISettlement settlement,
        IRecordAnchor recordAnchor,
        IRecomputation recomputation,
        Terms memory given
    )
        Cases(accounts, escrow, settlement, recordAnchor, given)
        Contests(recomputation)
        AccessManaged(authority)
    {
        if (escrow.disputes() != address(this) || escrow.recomputation() != address(recomputation)) {
            revert EscrowServesAnother(escrow.disputes(), escrow.recomputation());
        }
        uint256 required = uint256(settlement.challengeWindow()) + given.responseTime + given.extraTime
            + given.meterDataTime + given.appealTime + given.panelTime + CORRECTION_SLACK;
        uint256 lag = settlement.correctionLag();
        if (lag < required) revert CorrectionLagTooShort(lag, required);
    }

    /// @notice Moves a case on whose party was silent. Anyone may, from the deadline on; a contest also as soon as a later
    ///         sequence stands.
    /// @dev Reverts if: the case is final or there is none; its deadline is not reached.
    /// @param id of the case
    function close(uint256 id) external {
        Case storage found = _cases[id];
        State state = found.state;
        if (state == State.Demanded) return _default(id, found);
        if (state != State.AtMeterData && state != State.Answered && state != State.AtPanel) {
            revert StateWrong(id, state);
        }
        _moveOn(id, found);
    }

    /// @notice A case; all zero if there is none of that number.
    /// @param id its number
    /// @return what all cases have
    /// @return what a demand has beside that; all zero for a contest
    /// @return what a contest has beside that; all zero for a demand
    function caseOf(uint256 id) external view returns (Case memory, Demand memory, Contest memory) {
        return (_cases[id], _demands[id], _contests[id]);
    }
}
