// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../Escrow.sol";

/// @title Many balances in one call, for tests that compare all of them after every step
contract Lens {
    /// @notice Free, pending, receivable and owed of each account.
    function balances(Escrow escrow, address[] calldata accounts) external view returns (uint256[4][] memory found) {
        found = new uint256[4][](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            found[i] = [
                escrow.balanceOf(accounts[i]),
                escrow.pendingOf(accounts[i]),
                escrow.receivableOf(accounts[i]),
                escrow.owedTo(accounts[i])
            ];
        }
    }

    /// @notice Bond, what it owes, reserve, deposits, collection pool, liabilities and tokens held.
    function totals(Escrow escrow) external view returns (uint256[7] memory) {
        (uint256 pool,) = escrow.collectionPool();
        (uint256 claimed,) = escrow.bondClaims();
        return [
            escrow.bond(),
            claimed,
            escrow.reservedBond(),
            escrow.depositsHeld(),
            pool,
            escrow.totalLiabilities(),
            escrow.token().balanceOf(address(escrow))
        ];
    }
}
