// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccounts} from "../interfaces/IAccounts.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";
import {IRecomputation} from "../interfaces/IRecomputation.sol";
import {IRecordAnchor} from "../interfaces/IRecordAnchor.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {EnergyGround} from "./disputes/EnergyGround.sol";
import {Facts} from "./disputes/Facts.sol";
import {MalformedGround} from "./disputes/MalformedGround.sol";
import {PriceGround} from "./disputes/PriceGround.sol";
import {Statements} from "./disputes/Statements.sol";
import {TradeGround} from "./disputes/TradeGround.sol";
import {VoidGround} from "./disputes/VoidGround.sol";
import {SignedActions} from "./escrow/SignedActions.sol";

/// @title Claims that a contract can judge alone
/// @notice A claimant brings what a run says of a slot and what the log says of it; this contract computes the amount
///         again and has the difference paid out of the bond at once. Nobody answers, and nothing here can be paused.
/// @dev An account's own address has standing even after another signer has taken its place: a claim can only help the
///      account, whoever brings it. Disputes asks for more.
contract Recomputation is EnergyGround, TradeGround, PriceGround, VoidGround, MalformedGround, IRecomputation {
    /// @notice Limits of a deployment.
    struct Terms {
        uint64 holdTime; // seconds after the day's end at which a hold ends by itself
        uint8 maxHolds; // slots of a point's day that may be held
    }

    /// @notice The contract of cases, which may establish what was ruled.
    address public immutable disputes;

    /// @notice A case was upheld: the slot's energy is as given; `due` is what was not yet paid for it, `paid` what the
    ///         ledger of remedies added.
    event EnergyEstablished(
        bytes32 indexed runKey,
        address indexed account,
        bytes32 indexed point,
        uint256 sequence,
        uint256 slot,
        uint256 importWh,
        uint256 exportWh,
        uint256 due,
        uint256 paid
    );

    /// @notice Only the contract of cases may establish facts.
    error NotDisputes(address caller);

    /// @param accounts_ knows signers and delegates
    /// @param escrow_ built for this contract's address
    /// @param settlement_ knows the runs
    /// @param recordAnchor_ holds the log's checkpoints
    /// @param disputes_ address of the contract of cases, which is deployed next
    /// @param terms limits of holds
    constructor(
        IAccounts accounts_,
        IEscrow escrow_,
        ISettlement settlement_,
        IRecordAnchor recordAnchor_,
        address disputes_,
        Terms memory terms
    )
        SignedActions(accounts_)
        Facts(escrow_, settlement_, recordAnchor_)
        TradeGround(terms.holdTime, terms.maxHolds)
    {
        disputes = disputes_;
    }

    /// @notice The line's amount is other than the formula gives with the line's own energy and the header's prices, or with
    ///         what has been shown in their place. The account, its delegate, or anyone with its signature over
    ///         Claim(..., ground 0, ...).
    /// @dev The run's checkpoint is not looked at. Reverts if: the run is not the last one or its window has passed; a proof
    ///      fails; the claim lacks standing; nothing is lacking.
    /// @param claim for whom
    /// @param statement the slot
    function arithmetic(Claim calldata claim, Statements.Statement calldata statement) external {
        Case memory c;
        _openOwn(c, claim, statement, ARITHMETIC);
        _settle(c, ARITHMETIC);
    }

    /// @inheritdoc IRecomputation
    function establish(
        bytes32 runKey,
        uint16 sequence,
        bytes32 point,
        uint32 slot,
        address account,
        uint40 importWh,
        uint40 exportWh,
        uint256 due
    ) external returns (uint256 paid) {
        if (msg.sender != disputes) revert NotDisputes(msg.sender);
        due = _establish(_keyOf(runKey, sequence, point, slot, account), importWh, exportWh, due);
        if (due != 0) paid = _pay(runKey, sequence, account, due);
        emit EnergyEstablished(runKey, account, point, sequence, slot, importWh, exportWh, due, paid);
    }
}
